require('http').get('http://no-such-service.invalid:5432/');
