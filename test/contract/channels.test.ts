import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClients } from '../../src/aws/clients.ts';
import { eventBusChannel } from '../../src/aws/event-bus.ts';
import { NotDelivered, type Notice } from '../../src/domain/notice.ts';
import { instant, rolloutId, versionTag } from '../../src/domain/units.ts';
import type { Reach } from '../../src/notify/https-request.ts';
import { pagerDutyChannel } from '../../src/notify/pagerduty.ts';
import { slackChannel } from '../../src/notify/slack.ts';
import { teamsChannel } from '../../src/notify/teams.ts';
import { messageOf, webhookChannel } from '../../src/notify/webhook.ts';
import type { Channel } from '../../src/ports/index.ts';
import { fencesOf, textOf } from '../support/pages.ts';

const stuck: Notice = {
  eventId: 'r-1/12',
  at: instant(1_750_000_000_000),
  rollout: rolloutId('r-1'),
  environment: 'prod',
  model: 'recommendation',
  version: versionTag('v2.3.0'),
  progress: 'stuck',
  subject: '[prod] recommendation v2.3.0 STUCK, a person must act: [click](https://evil.example) **now**',
  body: 'subject\nthe alias is denied\nwhere: AWS\nnext: mlreg rollback --environment prod',
  facts: [['where', 'AWS']],
  command: 'mlreg rollback --environment prod',
};

interface Got {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

let server: Server;
let port: number;
let got: Got[];
let answer: (response: ServerResponse) => void;
let reach: Reach;
beforeEach(async () => {
  got = [];
  answer = (response) => void response.writeHead(202).end('{}');
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString('utf8')));
    request.on('end', () => {
      got.push({ path: request.url ?? '', headers: request.headers, text });
      answer(response);
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
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const key = 'verysecret-signing-key';
const url = async (): Promise<string> => `https://hooks.example:${port}/verysecret`;
const channels: readonly (readonly [string, () => Channel])[] = [
  ['slack', () => slackChannel(url, reach)],
  ['teams', () => teamsChannel(url, reach)],
  [
    'pagerduty',
    () => pagerDutyChannel(async () => 'verysecret', reach, `https://hooks.example:${port}/enqueue`),
  ],
  ['webhook', () => webhookChannel({ url, key: async () => key, now: () => 1_750_000_100_500 }, reach)],
];

const failureOf = async (channel: Channel): Promise<Error> =>
  channel.send(stuck).then(
    () => new Error('it was sent'),
    (error: unknown) => error as Error,
  );

describe.each(channels)('%s', (name, channel) => {
  it('is called so, and sends one request', async () => {
    expect(channel().name).toBe(name);
    await channel().send(stuck);
    expect(got).toHaveLength(1);
    expect(got[0]?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(got[0]?.text ?? '')).toMatchSnapshot();
  });

  it.each<[string, () => void, RegExp, number | undefined]>([
    [
      'answers 500',
      () => (answer = (to) => void to.writeHead(500).end('verysecret')),
      /answered 500$/,
      undefined,
    ],
    [
      'answers 429 and asks to be left alone',
      () => (answer = (to) => void to.writeHead(429, { 'retry-after': '30' }).end()),
      /answered 429, again after 30 s$/,
      30_000,
    ],
    [
      'answers 429 with a date',
      () =>
        (answer = (to) => void to.writeHead(429, { 'retry-after': 'Mon, 01 Dec 2031 00:00:00 GMT' }).end()),
      /answered 429$/,
      undefined,
    ],
    [
      'closes the connection',
      () => (answer = (to) => void to.socket?.destroy()),
      /can't be reached/,
      undefined,
    ],
    [
      'breaks its answer off',
      () =>
        (answer = (to) =>
          void (to.writeHead(200, { 'content-length': '9' }).write('a'),
          setImmediate(() => to.socket?.destroy()))),
      /broke off|can't be reached/,
      undefined,
    ],
    [
      'redirects',
      () =>
        (answer = (to) => void to.writeHead(307, { location: `http://127.0.0.1:${port}/elsewhere` }).end()),
      /redirect, which is not followed$/,
      undefined,
    ],
    [
      'never answers',
      () => {
        answer = () => undefined;
        reach = { ...reach, withinMs: 300 };
      },
      /no answer within 0.3 s$/,
      undefined,
    ],
  ])('that %s: fails once, says so, and tells no secret', async (_what, arrange, says, retryAfterMs) => {
    arrange();
    const error = await failureOf(channel());
    expect(error.message).toMatch(says);
    expect(error instanceof NotDelivered ? error.retryAfterMs : undefined).toBe(retryAfterMs);
    expect(got).toHaveLength(1);
    expect(JSON.stringify([error.message, error.stack, error.cause])).not.toMatch(
      /verysecret|hooks\.example/,
    );
  });
});

describe('PagerDuty', () => {
  const send = async (progress: Notice['progress']): Promise<any> => {
    got = [];
    await pagerDutyChannel(async () => 'key', reach, `https://hooks.example:${port}/enqueue`).send({
      ...stuck,
      progress,
    });
    return got.length === 0 ? null : JSON.parse(got[0]!.text);
  };

  it.each<[Notice['progress'], string | null]>([
    ['begun', null],
    ['waiting', null],
    ['going-back', null],
    ['stuck', 'trigger'],
    ['rolled-back', 'resolve'],
    ['promoted', 'resolve'],
    ['ended', 'resolve'],
  ])('%s: %s', async (progress, action) => {
    expect((await send(progress))?.event_action ?? null).toBe(action);
  });

  it('resolves the very incident that it triggered', async () => {
    expect((await send('rolled-back')).dedup_key).toBe((await send('stuck')).dedup_key);
  });
});

describe('the signed webhook', () => {
  it('passes the check that the documentation shows, and fails it where anything was changed', async () => {
    const snippet =
      fencesOf(textOf('docs/notifications.md')).find(({ language }) => language === 'js')?.text ?? '';
    const { isFromMlreg } = (await import(`data:text/javascript,${encodeURIComponent(snippet)}`)) as {
      isFromMlreg: (headers: IncomingHttpHeaders, body: string, key: string, now?: number) => boolean;
    };
    await webhookChannel({ url, key: async () => key, now: () => 1_750_000_100_500 }, reach).send(stuck);
    const [{ headers, text }] = got as [Got];
    const now = 1_750_000_160_000;
    expect(headers).toMatchObject({ 'mlreg-event-id': 'r-1/12', 'mlreg-timestamp': '1750000100' });
    expect(isFromMlreg(headers, text, key, now)).toBe(true);
    expect([
      isFromMlreg(headers, text.replace('stuck', 'ended'), key, now),
      isFromMlreg(headers, text, 'another key of 16 letters', now),
      isFromMlreg({ ...headers, 'mlreg-timestamp': '1750000101' }, text, key, now),
      isFromMlreg(headers, text, key, now + 600_000),
      isFromMlreg({}, text, key, now),
    ]).toEqual([false, false, false, false, false]);
  });

  it.each(['', 'short'])('sends nothing under the key %j', async (short) => {
    const sending = webhookChannel({ url, key: async () => short, now: () => 0 }, reach).send(stuck);
    await expect(sending).rejects.toThrow('shorter than 16 characters');
    expect(got).toEqual([]);
  });
});

describe('EventBridge', () => {
  const bus = (reply: object, calls: string[] = []): Channel =>
    eventBusChannel(
      createClients(
        {
          region: 'eu-west-1',
          credentials: { accessKeyId: 'a', secretAccessKey: 'verysecret' },
          requestHandler: {
            handle: ({ body, headers }: { body: string; headers: Record<string, string> }) => {
              calls.push(headers['x-amz-target'] ?? '', body);
              return {
                response: {
                  statusCode: 200,
                  headers: {},
                  body: Buffer.from(JSON.stringify(reply)),
                },
              };
            },
          } as never,
        },
        {},
      ),
      'orders',
      messageOf,
    );

  it('gets one event with the notice as its detail', async () => {
    const calls: string[] = [];
    await bus({ FailedEntryCount: 0, Entries: [{ EventId: 'e-1' }] }, calls).send(stuck);
    const [target, body = ''] = calls;
    const [entry] = JSON.parse(body).Entries;
    expect([target, calls.length]).toEqual(['AWSEvents.PutEvents', 2]);
    expect({ ...entry, Detail: JSON.parse(entry.Detail) }).toMatchSnapshot();
  });

  it('that answers 200 and took nothing is a failure', async () => {
    const error = await failureOf(
      bus({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'InternalFailure', ErrorMessage: 'verysecret' }] }),
    );
    expect(error.message).toBe('the event bus orders took no event: InternalFailure');
  });
});
