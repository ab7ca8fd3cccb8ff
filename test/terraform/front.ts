import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/*
 * Neither stand-in for AWS speaks everything: local AWS has the serving stack with AWS's rules, moto the rest. This stands
 * before both, and answers itself what Terraform asks and neither knows.
 */

export interface Front {
  readonly url: string;
  close(): Promise<void>;
}

/** @param to where a service is, by the name that requests are signed for */
export async function startFront(
  to: (service: string) => string,
  rewrite: (body: string) => string = (body) => body,
): Promise<Front> {
  const server = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const own = ownAnswer(incoming);
      if (own === undefined) forward(incoming, answer, Buffer.concat(chunks), to, rewrite);
      else answer.setHeader('content-type', 'application/x-amz-json-1.0').end(JSON.stringify(own));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What Terraform's provider asks of a function or state machine, and no stand-in answers. */
function ownAnswer({ url = '', headers }: IncomingMessage): object | undefined {
  const target = String(headers['x-amz-target'] ?? '');
  const [, functionName] = /^\/2020-06-30\/functions\/([^/]+)\/code-signing-config/.exec(url) ?? [];
  if (functionName !== undefined) return { CodeSigningConfigArn: '', FunctionName: functionName };
  if (target.endsWith('.ValidateStateMachineDefinition'))
    return { result: 'OK', diagnostics: [], truncated: false };
  if (target.endsWith('.ListStateMachineVersions')) return { stateMachineVersions: [] };
  return undefined;
}

function forward(
  incoming: IncomingMessage,
  answer: ServerResponse,
  sent: Buffer,
  to: (service: string) => string,
  rewrite: (body: string) => string,
): void {
  const [, service = ''] =
    /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(incoming.headers.authorization ?? '') ?? [];
  const target = new URL(to(service));
  const text = sent.toString('utf8');
  const changed = rewrite(text);
  const body = changed === text ? sent : Buffer.from(changed);
  const headers = {
    ...incoming.headers,
    host: target.host,
    ...(incoming.headers['content-length'] === undefined ? {} : { 'content-length': String(body.length) }),
  };
  const outgoing = request(
    target.origin + (incoming.url ?? '/'),
    { method: incoming.method ?? 'GET', headers },
    (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    },
  );
  outgoing.once('error', (error) => answer.writeHead(502).end(String(error)));
  outgoing.end(body);
}
