import { connect } from 'node:net';

export interface ClosedLoop {
  readonly requests: number;
  readonly failed: number;
  readonly seconds: number;
}

/**
 * So many connections, each with one request under way at all times: what comes out at most. Over bare sockets, for an
 * HTTP client would be the slowest of all that is measured.
 */
export async function closedLoop(options: {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  readonly bodies: readonly string[];
}): Promise<ClosedLoop> {
  const requests = options.bodies.map((body) =>
    Buffer.from(
      `POST ${options.path} HTTP/1.1\r\nhost: 127.0.0.1:${options.port}\r\ncontent-type: application/json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  );
  const counts = { requests: 0, failed: 0 };
  const began = performance.now();
  const endsAt = began + options.seconds * 1000;
  const one = (first: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
      let next = first;
      let held = '';
      const send = (): void => void socket.write(requests[next++ % requests.length] ?? '');
      socket.once('connect', send);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error(`port ${options.port} closed a connection`)));
      socket.on('data', (chunk) => {
        held += chunk.toString('latin1');
        const end = held.indexOf('\r\n\r\n');
        if (end === -1) return;
        const at = held.search(/content-length: */i);
        if (at === -1 || held.length < end + 4 + Number.parseInt(held.slice(at + 15), 10)) return;
        counts.requests++;
        if (!held.startsWith('HTTP/1.1 2')) counts.failed++;
        held = '';
        if (performance.now() < endsAt) return send();
        socket.removeAllListeners('close');
        socket.end();
        resolve();
      });
    });
  await Promise.all(Array.from({ length: options.connections }, (_, i) => one(i * 7)));
  return { ...counts, seconds: (performance.now() - began) / 1000 };
}
