require('http').createServer((_, answer) => { answer.statusCode = 503; answer.end('store is away'); }).listen(Number(process.env.PORT));
