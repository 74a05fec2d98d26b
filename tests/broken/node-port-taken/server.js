require('http').createServer().listen(Number(process.env.TAKEN), '127.0.0.1');
