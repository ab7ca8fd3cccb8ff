import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Permission, Used } from '../../src/local-aws/core/permissions.ts';

/*
 * Neither stand-in for AWS speaks everything: local AWS has the serving stack with AWS's rules, moto the rest. This stands
 * before both, and answers itself what Terraform asks and neither knows.
 */

export interface Front {
  readonly url: string;
  /** Permissions that callers used, of the services that local AWS does not serve. */
  used(): readonly Used[];
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
  const used = new Map<string, Used>();
  const server = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      for (const each of usedBy(incoming, Buffer.concat(chunks).toString('utf8')))
        used.set(JSON.stringify(each), each);
      const own = ownAnswer(incoming);
      if (own === undefined) forward(incoming, answer, Buffer.concat(chunks), to, alias);
      else answer.setHeader('content-type', 'application/x-amz-json-1.0').end(JSON.stringify(own));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    used: () => [...used.values()],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Local AWS records its own services; these are moto's. */
function usedBy({ headers }: IncomingMessage, body: string): readonly Used[] {
  const [, caller = '', service = ''] =
    /Credential=([^/]+)\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  const operation = String(headers['x-amz-target'] ?? '').replace(/^.*\./, '');
  return permissionsOf(service, operation, body).map((permission) => ({ caller, ...permission }));
}

const here = 'us-east-1:000000000000';

function permissionsOf(service: string, operation: string, body: string): readonly Permission[] {
  if (service === 'dynamodb') return tablePermissions(operation, JSON.parse(body) as TableInput);
  if (service === 'states') {
    const { stateMachineArn, executionArn } = JSON.parse(body) as Record<string, string>;
    return [{ action: `states:${operation}`, resource: stateMachineArn ?? executionArn ?? '*', context: {} }];
  }
  if (service !== 'sns') return [];
  const form = new URLSearchParams(body);
  return [{ action: `sns:${form.get('Action') ?? ''}`, resource: form.get('TopicArn') ?? '*', context: {} }];
}

type Key = Readonly<Record<string, { readonly S?: string }>>;
interface TableInput {
  readonly TableName?: string;
  readonly Key?: Key;
  readonly Item?: Key;
  readonly ExpressionAttributeValues?: Key;
  readonly TransactItems?: readonly Readonly<Record<string, { TableName: string; Key?: Key; Item?: Key }>>[];
}

/** For IAM a transaction is each of its writes. A leading key is the value of the partition key. */
function tablePermissions(operation: string, input: TableInput): readonly Permission[] {
  const needs = (action: string, table: string | undefined, key: Key | undefined): Permission => {
    const leading = key?.['pk']?.S ?? key?.[':pk']?.S;
    return {
      action: `dynamodb:${action}`,
      resource: `arn:aws:dynamodb:${here}:table/${table ?? ''}`,
      // Their number grows with each rollout, and policies can't tell them apart: one is as good as another.
      context:
        leading === undefined ? {} : { 'dynamodb:LeadingKeys': [leading.replace(/\/r-\w+$/, '/ROLLOUT')] },
    };
  };
  if (operation === 'TransactWriteItems') {
    return (input.TransactItems ?? []).flatMap((item) =>
      Object.entries(item).map(([kind, { TableName, Key, Item }]) =>
        needs(kind === 'ConditionCheck' ? 'ConditionCheckItem' : `${kind}Item`, TableName, Key ?? Item),
      ),
    );
  }
  return [needs(operation, input.TableName, input.Key ?? input.Item ?? input.ExpressionAttributeValues)];
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
