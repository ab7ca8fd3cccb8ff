import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { instant, rolloutId, versionTag } from '../../../src/domain/units.ts';
import { gitHubChannel, gitHubOptions } from '../../../src/notify/github.ts';
import { ask, type Reach } from '../../../src/notify/https-request.ts';
import { isPublicAddress } from '../../../src/notify/public-address.ts';
import { slackChannel } from '../../../src/notify/slack.ts';
import type { Notice } from '../../../src/domain/notice.ts';

const notice: Notice = {
  eventId: 'r-1/12',
  at: instant(1),
  rollout: rolloutId('r-1'),
  environment: 'prod',
  version: versionTag('v2.3.0'),
  progress: 'rolled-back',
  subject: 'v2.2.0 serves prod again, v2.3.0 was rolled back',
  body: 'v2.2.0 serves prod again, v2.3.0 was rolled back\nerror rate 20 % <!channel>\nnext: mlreg status',
};

interface Got {
  readonly line: string;
  readonly host: string | undefined;
  readonly authorization: string | undefined;
  readonly body: any;
}

let server: Server;
let port: number;
let got: Got[];
let answer: (
  request: IncomingMessage,
  body: any,
) => { status: number; body?: unknown; headers?: Record<string, string> };
/** Plain HTTP in TLS's place; all else is what is sent in earnest. */
let reach: Reach;
beforeEach(async () => {
  got = [];
  answer = () => ({ status: 200 });
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString('utf8')));
    request.on('end', () => {
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      got.push({
        line: `${request.method} ${request.url}`,
        host: request.headers.host,
        authorization: request.headers.authorization,
        body,
      });
      const { status, body: reply, headers } = answer(request, body);
      response.writeHead(status, headers).end(reply === undefined ? '' : JSON.stringify(reply));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
  reach = {
    lookup: async () => [{ address: '127.0.0.1', family: 4 }],
    isAllowed: () => true,
    request: httpRequest as unknown as NonNullable<Reach['request']>,
  };
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const secret = (): string => `https://hooks.example:${port}/services/T0/B0/verysecret`;

describe('an address', () => {
  it.each([
    ['8.8.8.8', true],
    ['52.94.236.248', true],
    ['2606:4700::6810:84e5', true],
    ['127.0.0.1', false],
    ['10.1.2.3', false],
    ['172.16.0.1', false],
    ['172.32.0.1', true],
    ['192.168.1.1', false],
    ['169.254.169.254', false],
    ['100.64.0.1', false],
    ['0.0.0.0', false],
    ['255.255.255.255', false],
    ['224.0.0.1', false],
    ['::1', false],
    ['::', false],
    ['fe80::1', false],
    ['fd00:ec2::254', false],
    ['::ffff:10.0.0.1', false],
    ['::ffff:a9fe:a9fe', false],
    ['64:ff9b::7f00:1', false],
    ['2002:7f00:1::', false],
    ['2001:0:7f00:1::', false],
    ['2001:db8::1', false],
    ['hooks.slack.com', false],
    ['', false],
  ])('%s is public: %s', (address, isPublic) => {
    expect(isPublicAddress(address)).toBe(isPublic);
  });
});

describe('a webhook', () => {
  it.each([
    ['http://hooks.example/x', /https/],
    ['file:///etc/passwd', /https/],
    ['not a url', /https/],
    ['https://me:verysecret@hooks.example/x', /credentials/],
    ['https://127.0.0.1/verysecret', /public internet/],
    ['https://[::1]/verysecret', /public internet/],
    ['https://169.254.169.254/latest/meta-data', /public internet/],
    ['https://2130706433/verysecret', /public internet/],
    ['https://0x7f.1/verysecret', /public internet/],
  ])('%s is refused before anything is sent', async (url, why) => {
    const { request } = reach;
    const failing = ask({ method: 'POST', url, name: 'the webhook', body: {} }, { request: request! });
    await expect(failing).rejects.toThrow(why);
    await expect(failing).rejects.not.toThrow(/verysecret|hooks\.example|127/);
    expect(got).toEqual([]);
  });

  it('whose name has one private address among its public ones is refused', async () => {
    const lookup = async () => [
      { address: '52.94.236.248', family: 4 },
      { address: '10.0.0.8', family: 4 },
    ];
    const url = secret();
    await expect(
      ask({ method: 'POST', url, name: 'it' }, { lookup, request: reach.request! }),
    ).rejects.toThrow('it: its host is not on the public internet');
    expect(got).toEqual([]);
  });

  it('is asked at the address that was checked: the name is looked up once', async () => {
    let looks = 0;
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }].slice(looks++);
    const { status } = await ask(
      { method: 'POST', url: secret(), name: 'it', body: {} },
      { ...reach, lookup },
    );
    expect([status, looks, got[0]?.host]).toEqual([200, 1, `hooks.example:${port}`]);
  });

  it.each([301, 302, 307, 308])('that answers %i is not followed', async (status) => {
    answer = () => ({ status, headers: { location: `http://127.0.0.1:${port}/elsewhere` } });
    await expect(slackChannel(async () => secret(), reach).send(notice)).rejects.toThrow(
      'the Slack webhook answered with a redirect, which is not followed',
    );
    expect(got).toHaveLength(1);
  });

  it.each<[string, () => void]>([
    ['403', () => (answer = () => ({ status: 403 }))],
    ['429', () => (answer = () => ({ status: 429, headers: { 'retry-after': '30' } }))],
    ['no server', () => void (port = 1)],
    [
      'no address',
      () => (reach = { ...reach, lookup: () => Promise.reject(new Error('ENOTFOUND hooks.example')) }),
    ],
  ])('%s: the failure names no URL', async (_what, arrange) => {
    arrange();
    const error = await slackChannel(async () => secret(), reach)
      .send(notice)
      .then(() => undefined)
      .catch((thrown: unknown) => thrown as Error);
    expect(error?.message).toMatch(/^the Slack webhook/);
    expect(JSON.stringify([error?.message, error?.stack, error?.cause])).not.toMatch(
      /verysecret|hooks\.example/,
    );
  });

  it('gets a message for people, in which nothing shouts', async () => {
    await slackChannel(async () => secret(), reach).send({ ...notice, subject: 'a <!channel> & b' });
    const [{ line, body }] = got as [Got];
    expect(line).toBe('POST /services/T0/B0/verysecret');
    expect(body.text).toBe('a &lt;!channel&gt; &amp; b');
    expect(JSON.stringify(body.blocks)).toContain('r-1/12');
    // Where it is not markup it is only text.
    expect(body.blocks[1].text).toEqual({
      type: 'plain_text',
      text: 'error rate 20 % <!channel>\nnext: mlreg status',
      emoji: false,
    });
  });
});

describe('GitHub', () => {
  const env = {
    GITHUB_ACTIONS: 'true',
    GITHUB_TOKEN: 'ghs_verysecret',
    GITHUB_REPOSITORY: 'shop/recs',
    GITHUB_SHA: 'abc',
    GITHUB_RUN_ID: '77',
    GITHUB_SERVER_URL: 'https://github.example',
  };

  it.each([
    {},
    { ...env, GITHUB_TOKEN: '' },
    { ...env, GITHUB_ACTIONS: '' },
    { ...env, GITHUB_SHA: undefined },
  ])('is told nothing outside of a job with a token: %j', (variables) => {
    expect(gitHubOptions(variables)).toBeNull();
  });

  it('has one deployment a rollout, however often it is told', async () => {
    const made: { id: number; task: string }[] = [];
    answer = (request, body) => {
      const url = new URL(request.url ?? '', 'http://x');
      if (request.method === 'GET')
        return { status: 200, body: made.filter(({ task }) => task === url.searchParams.get('task')) };
      if (url.pathname.endsWith('/statuses')) return { status: 201, body: { id: 1 } };
      made.push({ id: 40 + made.length, task: body.task });
      return { status: 201, body: made.at(-1) };
    };
    const options = gitHubOptions({ ...env, GITHUB_API_URL: `https://api.github.example:${port}` })!;
    const channel = gitHubChannel(options, reach);
    await channel.send({ ...notice, progress: 'begun' });
    await channel.send(notice);
    await gitHubChannel(options, reach).send(notice);
    expect(made).toEqual([{ id: 40, task: 'mlreg:r-1' }]);
    const statuses = got.filter(({ line }) => line === 'POST /repos/shop/recs/deployments/40/statuses');
    expect(statuses.map(({ body }) => [body.state, body.environment, body.log_url])).toEqual([
      ['in_progress', 'prod', 'https://github.example/shop/recs/actions/runs/77'],
      ['failure', 'prod', 'https://github.example/shop/recs/actions/runs/77'],
      ['failure', 'prod', 'https://github.example/shop/recs/actions/runs/77'],
    ]);
    expect(got.every(({ authorization }) => authorization === 'Bearer ghs_verysecret')).toBe(true);
  });

  it('says what the job lacks, and not its token', async () => {
    answer = () => ({ status: 403, body: { message: 'Resource not accessible' } });
    const options = gitHubOptions({ ...env, GITHUB_API_URL: `https://api.github.example:${port}` })!;
    const failing = gitHubChannel(options, reach).send(notice);
    await expect(failing).rejects.toThrow(
      'GitHub answered 403 to a deployment of shop/recs: give the job deployments: write',
    );
  });
});
