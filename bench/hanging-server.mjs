// A model that is in service and never answers.
import { createServer } from 'node:http';

createServer((request, response) => {
  if (request.url === '/ping') response.end();
}).listen(Number(process.env.SAGEMAKER_BIND_TO_PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
process.stdin.on('end', () => process.exit(0)).resume();
