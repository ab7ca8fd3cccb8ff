import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../../src/router/invoke-http.ts';
import type { ModelRequest } from '../../../src/router/request.ts';

const json = (body: string): ModelRequest => ({ body, contentType: 'application/json' });

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

type Reply = (request: http.IncomingMessage, response: http.ServerResponse, body: string) => void;

interface Stub {
  readonly env: Record<string, string>;
  readonly seen: { method: string; url: string; headers: http.IncomingHttpHeaders; body: string }[];
  readonly sockets: Socket[];
}

const servers: http.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function stub(reply: Reply): Promise<Stub> {
  const seen: Stub['seen'] = [];
  const sockets: Socket[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      seen.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      reply(request, response, body);
    });
  });
  servers.push(server);
  server.on('connection', (socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const env = {
    AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
  };
  return { env, seen, sockets };
}

/** Timers that go off when the test says so. */
function manualTimers() {
  const armed = new Map<number, { run: () => void; ms: number }>();
  let next = 0;
  return {
    armed,
    fire: () => [...armed.values()].forEach(({ run }) => run()),
    set: (run: () => void, ms: number) => {
      armed.set(++next, { run, ms });
      return next;
    },
    clear: (timer: unknown) => void armed.delete(timer as number),
  };
}

function clientOf(env: Record<string, string | undefined>) {
  const timers = manualTimers();
  const clock = { at: Date.parse('2026-11-21T10:00:00Z') };
  return { ...createHttpClient({ env, now: () => clock.at, timers }), timers, clock };
}

const ok: Reply = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end('{"items":["ä"]}');
};

describe('invoking', () => {
  it('sends a signed request and returns the answer, timer taken down', async () => {
    const { env, seen } = await stub(ok);
    const { invoke, timers } = clientOf(env);
    const answer = await invoke('my-endpoint', json('{"city":"Zürich"}'), 5000);
    expect(answer).toEqual({
      kind: 'answered',
      contentType: 'application/json',
      body: Buffer.from('{"items":["ä"]}'),
    });
    expect(seen).toEqual([
      {
        method: 'POST',
        url: '/endpoints/my-endpoint/invocations',
        body: '{"city":"Zürich"}',
        headers: {
          host: new URL(env.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME!).host,
          'content-type': 'application/json',
          'content-length': '18',
          accept: 'application/json',
          connection: 'keep-alive',
          'x-amz-date': '20261121T100000Z',
          'x-amz-security-token': 'token',
          authorization: expect.stringMatching(
            /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261121\/eu-central-1\/sagemaker\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
          ),
        },
      },
    ]);
    expect(timers.armed.size).toBe(0);
  });

  it('passes on other bodies with their type, and what the caller accepts', async () => {
    const { env, seen } = await stub(ok);
    const request = { body: Buffer.from('5.1,3.5\n'), contentType: 'text/csv', accept: 'text/csv' };
    expect(await clientOf(env).invoke('e', request, 5000)).toMatchObject({ kind: 'answered' });
    expect(seen).toMatchObject([
      {
        body: '5.1,3.5\n',
        headers: { 'content-type': 'text/csv', accept: 'text/csv', 'content-length': '8' },
      },
    ]);
  });

  it('tells the model’s own 4xx from its failures', async () => {
    const { env } = await stub((_, response) => {
      response.writeHead(424, { 'content-type': 'application/json', 'x-amzn-errortype': 'ModelError' });
      response.end(JSON.stringify({ Message: 'm', OriginalMessage: 'no city', OriginalStatusCode: 422 }));
    });
    expect(await clientOf(env).invoke('e', json('{}'), 5000)).toEqual({
      kind: 'rejected',
      status: 422,
      contentType: 'text/plain; charset=utf-8',
      body: Buffer.from('no city'),
    });
  });

  it('puts an answer in pieces together, and keeps to the base path', async () => {
    const { env, seen } = await stub((_, response) => {
      response.writeHead(200);
      response.write('{"a":');
      response.end('1}');
    });
    const base = `${env.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME}/base/`;
    const { invoke } = clientOf({ ...env, AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: base });
    expect(await invoke('e', json('{}'), 5000)).toMatchObject({
      kind: 'answered',
      body: Buffer.from('{"a":1}'),
    });
    expect(seen[0]?.url).toBe('/base/endpoints/e/invocations');
  });

  it('uses one connection again and again', async () => {
    const { env, sockets } = await stub(ok);
    const { invoke } = clientOf(env);
    for (let i = 0; i < 5; i++) await invoke('e', json('{}'), 5000);
    expect(sockets.length).toBe(1);
  });

  it('tries once more, on a new connection, where the far end closed an idle one', async () => {
    let closing = false;
    const { env, sockets, seen } = await stub((request, response, body) => {
      if (closing) {
        closing = false;
        request.socket.resetAndDestroy();
      } else ok(request, response, body);
    });
    const { invoke } = clientOf(env);
    await invoke('e', json('{}'), 5000);
    closing = true;
    expect(await invoke('e', json('{}'), 5000)).toMatchObject({ kind: 'answered' });
    expect(sockets.length).toBe(2);
    expect(seen.length).toBe(3);
  });

  it('does not trust a connection after a long sleep', async () => {
    const { env, sockets } = await stub(ok);
    const { invoke, clock } = clientOf(env);
    await invoke('e', json('{}'), 5000);
    clock.at += 30_000;
    await invoke('e', json('{}'), 5000);
    expect(sockets.length).toBe(1);
    clock.at += 30_001;
    await invoke('e', json('{}'), 5000);
    expect(sockets.length).toBe(2);
  });

  it('gives up at the deadline, for good, and closes the connection', async () => {
    let asked = (): void => undefined;
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    const { env, seen, sockets } = await stub((request, response, body) => {
      if (body === '{}') ok(request, response, body);
      else asked();
    });
    const { invoke, timers } = clientOf(env);
    // The second call is on a connection taken up again: breaking that off must not count as closed by the far end.
    await invoke('e', json('{}'), 5000);
    const answer = invoke('e', json('{"slow":1}'), 1234);
    await arrived;
    expect([...timers.armed.values()]).toMatchObject([{ ms: 1234 }]);
    const closed = once(sockets[0]!, 'close');
    timers.fire();
    expect(await answer).toEqual({ kind: 'failed', why: 'timeout', detail: 'no answer within 1234 ms' });
    await closed;
    await invoke('e', json('{}'), 5000);
    expect(seen.map(({ body }) => body)).toEqual(['{}', '{"slow":1}', '{}']);
    expect(timers.armed.size).toBe(0);
  });

  it('gives up at the deadline in the middle of an answer as well', async () => {
    const { env } = await stub((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"a"');
    });
    const { invoke, timers } = clientOf(env);
    const answer = invoke('e', json('{}'), 50);
    timers.fire();
    expect(await answer).toMatchObject({ kind: 'failed', why: 'timeout' });
  });

  it.each<[what: string, reply: Reply, requests: number]>([
    ['closes a new connection', (request) => request.socket.resetAndDestroy(), 1],
    [
      'breaks off in the middle of its answer',
      (request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"a"', () => request.socket.resetAndDestroy());
      },
      1,
    ],
  ])('fails without another try where the far end %s', async (_, reply, requests) => {
    const { env, seen } = await stub(reply);
    const { invoke, timers } = clientOf(env);
    expect(await invoke('e', json('{}'), 5000)).toEqual({
      kind: 'failed',
      why: 'unavailable',
      detail: 'ECONNRESET',
    });
    expect(seen.length).toBe(requests);
    expect(timers.armed.size).toBe(0);
  });

  it('does not ask again once an answer has begun, on a connection taken up again either', async () => {
    const { env, seen } = await stub((request, response, body) => {
      if (seen.length === 1) return ok(request, response, body);
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"a"', () => request.socket.resetAndDestroy());
    });
    const { invoke } = clientOf(env);
    await invoke('e', json('{}'), 5000);
    expect(await invoke('e', json('{}'), 5000)).toMatchObject({ kind: 'failed', why: 'unavailable' });
    expect(seen.length).toBe(2);
  });

  it('fails where nobody listens', async () => {
    const { env } = await stub(ok);
    const server = servers.pop()!;
    server.close();
    await once(server, 'close');
    expect(await clientOf(env).invoke('e', json('{}'), 5000)).toMatchObject({
      why: 'unavailable',
      detail: 'ECONNREFUSED',
    });
  });

  it('fails, and does not throw, where it cannot even send', async () => {
    const { env } = await stub(ok);
    const { invoke, timers } = clientOf({ ...env, AWS_SESSION_TOKEN: 'two\nlines' });
    expect(await invoke('e', json('{}'), 5000)).toMatchObject({
      why: 'unavailable',
      detail: 'ERR_INVALID_CHAR',
    });
    expect(timers.armed.size).toBe(0);
  });

  it('fails, and does not throw, without credentials', async () => {
    const { env } = await stub(ok);
    const client = clientOf({ ...env, AWS_ACCESS_KEY_ID: undefined });
    expect(await client.invoke('e', json('{}'), 5000)).toMatchObject({
      kind: 'failed',
      detail: 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set',
    });
    expect(await client.warm()).toBe(false);
  });
});

describe('errors', () => {
  const named = (status: number, name: string, body: object): Reply => {
    return (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': name });
      response.end(JSON.stringify(body));
    };
  };
  const inBody = (status: number, body: unknown): Reply => {
    return (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
  };
  const missing = 'Endpoint e of account 123456789012 not found.';
  const notAllowed =
    'User: arn:aws:sts::123456789012:assumed-role/recs/recs is not authorized to perform: sagemaker:InvokeEndpoint on resource: arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e because no identity-based policy allows the sagemaker:InvokeEndpoint action';
  const cases: readonly [reply: Reply, name: string, why: string, detail: string][] = [
    [
      named(424, 'ModelError', { Message: 'm', OriginalMessage: 'user u-1', OriginalStatusCode: 500 }),
      'ModelError',
      'model',
      "424 ModelError, the model's own status 500",
    ],
    [
      named(424, 'ModelError', { Message: 'm', OriginalStatusCode: 429 }),
      'ModelError',
      'model',
      "424 ModelError, the model's own status 429",
    ],
    [
      named(400, 'ThrottlingException', { message: 'Rate exceeded' }),
      'ThrottlingException',
      'throttled',
      '400 ThrottlingException',
    ],
    [
      named(429, 'ThrottlingException:http://internal.amazon.com/coral/', {}),
      'ThrottlingException',
      'throttled',
      '429 ThrottlingException',
    ],
    [
      named(429, 'ModelNotReadyException', {}),
      'ModelNotReadyException',
      'not-ready',
      '429 ModelNotReadyException',
    ],
    [
      named(400, 'ValidationError', { message: missing }),
      'ValidationError',
      'refused',
      `400 ValidationError: ${missing.replace(/\.$/, '')}`,
    ],
    [
      inBody(403, { __type: 'com.amazon.coral.service#AccessDeniedException', Message: 'no' }),
      'AccessDeniedException',
      'refused',
      '403 AccessDeniedException',
    ],
    [
      inBody(403, { __type: 'AccessDeniedException', Message: `${notAllowed}.` }),
      'AccessDeniedException',
      'refused',
      `403 AccessDeniedException: ${notAllowed}`,
    ],
    [
      // The canonical string of a wrong signature holds the role's session token.
      inBody(403, { __type: 'InvalidSignatureException', message: "have been 'x-amz-security-token:t0ken'" }),
      'InvalidSignatureException',
      'refused',
      '403 InvalidSignatureException',
    ],
    [
      inBody(400, { __type: 'ExpiredTokenException' }),
      'ExpiredTokenException',
      'refused',
      '400 ExpiredTokenException',
    ],
    [named(503, 'ServiceUnavailable', {}), 'ServiceUnavailable', 'unavailable', '503 ServiceUnavailable'],
    [named(500, 'InternalFailure', {}), 'InternalFailure', 'unavailable', '500 InternalFailure'],
    [
      named(530, 'InternalDependencyException', {}),
      'InternalDependencyException',
      'unavailable',
      '530 InternalDependencyException',
    ],
  ];
  it.each(cases)('%#: by the name that the SDK gives it: %j %s', async (reply, name, why, detail) => {
    const { env } = await stub(reply);
    expect(await clientOf(env).invoke('e', json('{}'), 5000)).toMatchObject({ kind: 'failed', why, detail });
    const sdk = new SageMakerRuntimeClient({
      region: 'eu-central-1',
      endpoint: env.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME!,
      credentials: { accessKeyId: 'A', secretAccessKey: 'B' },
      maxAttempts: 1,
    });
    const command = new InvokeEndpointCommand({ EndpointName: 'e', Body: '{}' });
    await expect(sdk.send(command)).rejects.toMatchObject({ name });
    sdk.destroy();
  });

  it.each([
    [429, 'throttled'],
    [424, 'model'],
    [404, 'refused'],
    [302, 'refused'],
    [502, 'unavailable'],
  ])('by status %i alone: %s', async (status, why) => {
    for (const body of ['', 'null', '<html>', '[1]', '{"__type":5,"message":{}}']) {
      const { env } = await stub(inBody(status, body));
      expect(await clientOf(env).invoke('e', json('{}'), 5000), body).toMatchObject({ kind: 'failed', why });
    }
  });

  it('keeps the words of the model, which may be those of its caller, to itself', async () => {
    const body = { Message: 'bad user u-1', OriginalMessage: 'bad user u-1', OriginalStatusCode: 500 };
    const { env } = await stub(named(424, 'ModelError', body));
    expect(JSON.stringify(await clientOf(env).invoke('e', json('{}'), 5000))).not.toContain('u-1');
  });
});

describe('warming up', () => {
  it('opens the connection that the first call then uses, and asks no model', async () => {
    const { env, seen, sockets } = await stub((request, response, body) => {
      if (request.method === 'GET') response.writeHead(404).end('{}');
      else ok(request, response, body);
    });
    const { warm, invoke, timers } = clientOf(env);
    expect(await warm()).toBe(true);
    expect(seen).toMatchObject([{ method: 'GET', url: '/' }]);
    await invoke('e', json('{}'), 5000);
    expect(sockets.length).toBe(1);
    expect(timers.armed.size).toBe(0);
  });

  it('does not wait for ever', async () => {
    const { env } = await stub(() => undefined);
    const { warm, timers } = clientOf(env);
    const connected = warm();
    timers.fire();
    expect(await connected).toBe(false);
  });
});
