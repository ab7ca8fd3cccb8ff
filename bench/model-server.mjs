// The model behind every contestant: a fixed answer under SageMaker's container contract, over bare sockets, so that it
// costs little beside what is measured.
import { createServer } from 'node:net';

const body = '{"recommendations":[{"id":"a","score":0.93},{"id":"b"}]}';
const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const answer = Buffer.from(`${head}content-length: ${body.length}\r\n\r\n${body}`);

const server = createServer({ noDelay: true }, (socket) => {
  let held = '';
  socket.on('data', (chunk) => {
    held += chunk.toString('latin1');
    for (;;) {
      const end = held.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(held.slice(0, end))?.[1] ?? 0);
      if (held.length < end + 4 + length) return;
      held = held.slice(end + 4 + length);
      socket.write(answer);
    }
  });
  socket.on('error', () => socket.destroy());
});
server.listen(Number(process.env.SAGEMAKER_BIND_TO_PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
process.stdin.on('end', () => process.exit(0)).resume();
