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

/** A text of requests to one service that stands for another one there; answers have it back. */
export interface Alias {
  readonly service: string;
  readonly asked: string;
  readonly meant: string;
}

/** @param to where a service is, by the name that requests are signed for */
export async function startFront(to: (service: string) => string, alias?: Alias): Promise<Front> {
  const server = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const own = ownAnswer(incoming);
      if (own === undefined) forward(incoming, answer, Buffer.concat(chunks), to, alias);
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
  alias: Alias | undefined,
): void {
  const [, service = ''] =
    /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(incoming.headers.authorization ?? '') ?? [];
  const target = new URL(to(service));
  const isOf = alias !== undefined && alias.service === service;
  const body = isOf ? Buffer.from(sent.toString('utf8').replaceAll(alias.asked, alias.meant)) : sent;
  const headers = {
    ...incoming.headers,
    host: target.host,
    ...(incoming.headers['content-length'] === undefined ? {} : { 'content-length': String(body.length) }),
  };
  const outgoing = request(
    target.origin + (incoming.url ?? '/'),
    { method: incoming.method ?? 'GET', headers },
    (got) => {
      if (!isOf) {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
        return;
      }
      const chunks: Buffer[] = [];
      got.on('data', (chunk: Buffer) => chunks.push(chunk));
      got.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8').replaceAll(alias.meant, alias.asked);
        const { 'content-length': _length, 'transfer-encoding': _encoding, ...others } = got.headers;
        answer.writeHead(got.statusCode ?? 502, others).end(text);
      });
    },
  );
  outgoing.once('error', (error) => answer.writeHead(502).end(String(error)));
  outgoing.end(body);
}
