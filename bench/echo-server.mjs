// What node:http itself costs: reads the body, answers one of the model's size.
import { createServer } from 'node:http';

const body = '{"recommendations":[{"id":"a","score":0.93},{"id":"b"}]}';
const headers = ['content-type', 'application/json', 'content-length', String(body.length)];
const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  request.on('data', () => undefined);
  request.on('end', () => {
    response.writeHead(200, headers);
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
process.stdin.on('end', () => process.exit(0)).resume();
