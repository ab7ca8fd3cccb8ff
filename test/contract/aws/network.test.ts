import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { GetAliasCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createClients } from '../../../src/aws/clients.ts';
import { networkOf } from '../../../src/host/network.ts';
import { slackChannel } from '../../../src/notify/slack.ts';
import type { Notice } from '../../../src/domain/notice.ts';
import { instant, rolloutId, versionTag } from '../../../src/domain/units.ts';

const tls = resolve(import.meta.dirname, '../../fixtures/tls');
const pem = (name: string): string => readFileSync(join(tls, name), 'utf8');
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const listening = (server: Server): Promise<void> =>
  new Promise((done) => server.listen(0, '127.0.0.1', () => done()));

/** What a company has between its machines and AWS: a CONNECT proxy that wants a password, and TLS of its own authority. */
const heard: { target: string; authorization: string | undefined }[] = [];
const asked: string[] = [];
const aws = createTlsServer({ key: pem('key.pem'), cert: pem('cert.pem') }, (request, response) => {
  asked.push(`${request.headers.host}${request.url}`);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ Name: 'live', FunctionVersion: '7', RevisionId: 'r' }));
});
const proxy = createHttpServer();
proxy.on('connect', (request, socket, head) => {
  const authorization = request.headers['proxy-authorization'];
  heard.push({ target: request.url ?? '', authorization });
  if (authorization !== `Basic ${Buffer.from('ana:secret').toString('base64')}`)
    return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
  const upstream = connect(portOf(aws), '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
  });
  upstream.on('error', () => socket.destroy());
  socket.on('error', () => upstream.destroy());
});

beforeAll(async () => {
  await Promise.all([listening(aws), listening(proxy)]);
});
afterAll(() => {
  for (const server of [aws, proxy]) {
    server.closeAllConnections();
    server.close();
  }
});
afterEach(() => {
  heard.length = asked.length = 0;
  vi.unstubAllEnvs();
});

const notice: Notice = {
  eventId: 'r-1/4',
  at: instant(0),
  rollout: rolloutId('r-1'),
  environment: 'prod',
  version: versionTag('v2.3.0'),
  progress: 'rolled-back',
  subject: 'v2.3.0 rolled back',
  body: '30 % errors',
};

/** As a shell has set it; no variable of the machine that runs the tests counts. */
function environment(variables: Readonly<Record<string, string>>) {
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY'])
    for (const spelling of [name, name.toLowerCase()]) vi.stubEnv(spelling, '');
  const given = { AWS_CA_BUNDLE: join(tls, 'ca.pem'), ...variables };
  for (const [name, value] of Object.entries(given)) vi.stubEnv(name, value);
  return networkOf(process.env);
}
const address = (login = 'ana:secret@'): string => `http://${login}127.0.0.1:${portOf(proxy)}`;

const getAlias = async (agent: ReturnType<typeof networkOf>['agent']): Promise<unknown> => {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const clients = createClients({ region: 'eu-west-1', credentials, agent });
  try {
    const client = clients.of(LambdaClient, { maxAttempts: 1 });
    return await client.send(new GetAliasCommand({ FunctionName: 'churn', Name: 'live' }));
  } finally {
    clients.close();
  }
};

describe('a proxy of the environment', () => {
  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])('%s: AWS is asked through it', async (name) => {
    const { agent } = environment({ [name]: address() });
    expect(await getAlias(agent)).toMatchObject({ FunctionVersion: '7' });
    expect(heard.map(({ target }) => target)).toEqual(['lambda.eu-west-1.amazonaws.com:443']);
    expect(asked).toEqual(['lambda.eu-west-1.amazonaws.com/2015-03-31/functions/churn/aliases/live']);
  });

  it('may be named without a scheme', async () => {
    const { agent } = environment({ HTTPS_PROXY: address().replace('http://', '') });
    expect(await getAlias(agent)).toMatchObject({ FunctionVersion: '7' });
  });

  it('that refuses is an error, and tells no password', async () => {
    const { agent } = environment({ HTTPS_PROXY: address('ana:wrong@') });
    const error = await getAlias(agent).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).not.toContain('wrong');
    expect(asked).toEqual([]);
  });

  it('carries notices as well, to hosts that this machine can not resolve', async () => {
    const network = environment({ HTTPS_PROXY: address() });
    const channel = slackChannel(() => Promise.resolve('https://hooks.example.com/services/T/B/x'), {
      proxy: network,
      lookup: () => Promise.reject(new Error('no resolver here')),
    });
    await channel.send(notice);
    expect(heard.map(({ target }) => target)).toEqual(['hooks.example.com:443']);
    expect(asked).toEqual(['hooks.example.com/services/T/B/x']);
  });

  it.each(['https://169.254.169.254/latest', 'https://10.0.0.1/x', 'https://[::1]/x', 'https://localhost/x'])(
    'carries no notice to %s',
    async (url) => {
      const network = environment({ HTTPS_PROXY: address() });
      await expect(slackChannel(() => Promise.resolve(url), { proxy: network }).send(notice)).rejects.toThrow(
        'not on the public internet',
      );
      expect(heard).toEqual([]);
    },
  );
});

describe('proxyFor', () => {
  it.each([
    ['https://lambda.eu-west-1.amazonaws.com/', {}, true],
    ['https://lambda.eu-west-1.amazonaws.com/', { NO_PROXY: '.amazonaws.com' }, false],
    ['https://lambda.eu-west-1.amazonaws.com/', { no_proxy: 'example.com,*.amazonaws.com' }, false],
    ['https://lambda.eu-west-1.amazonaws.com/', { NO_PROXY: '*' }, false],
    ['http://127.0.0.1:4566/', { HTTP_PROXY: 'http://proxy.example.com:3128' }, false],
    ['http://localhost:4566/', { HTTP_PROXY: 'http://proxy.example.com:3128' }, false],
    ['http://[::1]:4566/', { HTTP_PROXY: 'http://proxy.example.com:3128' }, false],
  ])('%s with %j', (url, variables, isProxied) => {
    const { proxyFor } = environment({ HTTPS_PROXY: address(), ...variables });
    expect(proxyFor(url)).toBe(isProxied ? `http://127.0.0.1:${portOf(proxy)}` : null);
  });
});

describe('a mistake in the environment', () => {
  it.each(['socks5://proxy:1080', 'http://', 'not a url'])('HTTPS_PROXY=%s', (value) => {
    expect(() => environment({ HTTPS_PROXY: value })).toThrow('HTTPS_PROXY is no URL of an HTTP proxy');
  });

  it('AWS_CA_BUNDLE that is not there', () => {
    expect(() => environment({ AWS_CA_BUNDLE: '/no/such/file' })).toThrow('/no/such/file');
  });

  it('no certificate authority of one’s own: TLS refuses the proxy’s certificate', async () => {
    const { agent } = environment({ HTTPS_PROXY: address(), AWS_CA_BUNDLE: '' });
    await expect(getAlias(agent)).rejects.toThrow(/certificate|issuer|self-signed/);
  });
});
