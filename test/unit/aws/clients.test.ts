import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, expect, test, vi } from 'vitest';
import { createArtifacts } from '../../../src/aws/s3-artifacts.ts';
import { type Clients, type ClientsConfig, createClients } from '../../../src/aws/clients.ts';
import { identity } from '../../../src/aws/identity.ts';
import { createLambdaAlias } from '../../../src/aws/lambda-alias.ts';
import type { PlatformError } from '../../../src/ports/platform.ts';

vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');

const common = { region: 'eu-west-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
type HttpHandler = { httpHandlerConfigs(): object };
const open: { readonly clients: Clients[]; readonly servers: Server[] } = { clients: [], servers: [] };

afterEach(() => {
  for (const clients of open.clients.splice(0)) clients.close();
  for (const server of open.servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  vi.unstubAllEnvs();
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
});

const make = (config: Partial<ClientsConfig> = {}): Clients => {
  const clients = createClients({ ...common, ...config });
  open.clients.push(clients);
  return clients;
};

const serve = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  open.servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const failure = async (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => (error as PlatformError).failure,
  );

test('a client is made once for what it is needed for, and anew after close', () => {
  const clients = make();
  expect(clients.of(LambdaClient)).toBe(clients.of(LambdaClient));
  expect(clients.of(LambdaClient, { maxAttempts: 1 })).not.toBe(clients.of(LambdaClient));
  const before = clients.of(LambdaClient);
  clients.close();
  expect(clients.of(LambdaClient)).not.toBe(before);
});

test('a fenced client tries once, the others three times', async () => {
  const clients = make();
  expect(await clients.of(LambdaClient, { maxAttempts: 1 }).config.maxAttempts()).toBe(1);
  expect(await clients.of(LambdaClient).config.maxAttempts()).toBe(3);
});

test('no request waits for ever, and one that waits too long fails', async () => {
  const clients = make({ endpointUrl: await serve((_request, response) => response.end('{}')) });
  const { requestHandler } = clients.of(LambdaClient).config;
  await createLambdaAlias({ clients, functionName: 'f' }).readAlias('live');
  expect((requestHandler as HttpHandler).httpHandlerConfigs()).toMatchObject({
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    throwOnRequestTimeout: true,
  });
});

test.each([
  ['http://127.0.0.1:4566', true],
  ['http://localhost:4566', true],
  ['http://[::1]:4566', true],
  ['https://127.0.0.1.example.com', false],
  ['https://lambda.eu-west-1.amazonaws.com', false],
])('%s is on this machine: %s', (endpointUrl, loopback) => {
  expect(make({ endpointUrl }).loopback).toBe(loopback);
});

test.each([
  ['given', (url: string) => make({ endpointUrl: url })],
  [
    'from the environment',
    (url: string) => {
      vi.stubEnv('AWS_ENDPOINT_URL', url);
      return make();
    },
  ],
])('an address %s is where all requests go, buckets in the path', async (_how, clientsFor) => {
  const paths: string[] = [];
  const url = await serve((request, response) => {
    paths.push(request.url ?? '');
    response.end(request.url?.startsWith('/models') ? 'bytes' : '{"RevisionId":"r","FunctionVersion":"1"}');
  });
  const clients = clientsFor(url);
  expect(await createLambdaAlias({ clients, functionName: 'f' }).readAlias('live')).toMatchObject({
    revisionId: 'r',
  });
  const artifacts = createArtifacts({ clients, allowFiles: false, cwd: '/' });
  expect(await artifacts.digest('s3://models/a/b.tar.gz')).toMatchObject({ bytes: 5 });
  expect(paths).toEqual(['/2015-03-31/functions/f/aliases/live', '/models/a/b.tar.gz?x-id=GetObject']);
});

test('without an address S3 keeps its own style', () => {
  vi.stubEnv('AWS_ENDPOINT_URL', undefined);
  expect(make().of(S3Client).config.forcePathStyle).toBe(false);
});

test('where nobody listens on loopback, local AWS is not running', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const seen = await failure(identity(make({ endpointUrl: `http://127.0.0.1:${port}` })));
  expect(seen).toMatchObject({ kind: 'unknown' });
  expect(seen?.message).toContain('mlreg local up');
});

test('a request that nobody answers ends, with its effect unknown', async () => {
  const url = await serve(() => undefined);
  const clients = make({ endpointUrl: url });
  const quick: Clients = {
    ...clients,
    of: (service) => clients.of(service, { maxAttempts: 1, requestTimeoutMs: 50 }),
  };
  expect(
    await failure(createLambdaAlias({ clients: quick, functionName: 'f' }).readAlias('live')),
  ).toMatchObject({
    kind: 'unknown',
  });
});

test('an artifact whose stream breaks is no artifact', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('half', () => response.destroy());
  });
  const artifacts = createArtifacts({ clients: make({ endpointUrl: url }), allowFiles: false, cwd: '/' });
  expect(await failure(artifacts.digest('s3://models/a.tar.gz'))).toMatchObject({ kind: 'unknown' });
});

test('no credentials at all says what to do', async () => {
  const credentials = () =>
    Promise.reject(
      Object.assign(new Error('Could not load credentials from any providers'), {
        name: 'CredentialsProviderError',
      }),
    );
  const seen = await failure(identity(make({ endpointUrl: await serve(() => undefined), credentials })));
  expect(seen).toMatchObject({ kind: 'credentials' });
  expect(seen?.message).toContain('aws sso login');
});
