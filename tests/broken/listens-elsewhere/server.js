const server = require('http').createServer((_, answer) => answer.end());
server.listen(0, '127.0.0.1', () => console.log(`Server listening on port ${server.address().port}`));
