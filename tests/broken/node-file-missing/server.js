require('fs').readFileSync('config.json');
