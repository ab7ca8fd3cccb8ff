import { createHash } from 'node:crypto';
import { DeleteParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, describe, expect, test } from 'vitest';
import { createReadKeys, createReadParameter } from '../../src/router/key-parameter.ts';
import { receiptKeys } from '../../src/router/receipts/keys.ts';
import { startControl } from '../../src/local-aws/daemon-control.ts';
import { bench } from '../unit/local-aws/core/bench.ts';
import { startMoto } from './aws/moto-server.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

// What the router reads by its own signed request, against local AWS and moto.

const Name = '/mlreg/prod/api-keys';
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const timers = { set: setTimeout, clear: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout) };

const machineAt = (url: string): Parameters<typeof createReadKeys>[0] => ({
  env: {
    AWS_ENDPOINT_URL_SSM: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'A',
    AWS_SECRET_ACCESS_KEY: 'B',
  },
  now: () => Date.now(),
  timers: { set: (run, ms) => timers.set(run, ms), clear: timers.clear },
});
const readsAt = (url: string, name = Name) => createReadKeys(machineAt(url), name);
const readsReceiptsAt = (url: string) => createReadParameter(machineAt(url), Name, receiptKeys);

const { local } = bench();
const control = await startControl({
  port: 0,
  sessionToken: 'none',
  handle: (request) => local.handle(request),
  status: () => ({}),
  stop: () => undefined,
});
const moto = await startMoto();
afterAll(async () => {
  await control.stop();
  if (moto.kind === 'up') await moto.stop();
});
if (moto.kind === 'absent') console.warn(`NOT run: the key list over moto: ${moto.why}`);

describe.each([
  { where: 'local AWS', url: control.url },
  ...(moto.kind === 'absent' ? [] : [{ where: 'moto', url: moto.url }]),
])('the key list of $where', ({ url }) => {
  const ssm = new SSMClient({
    region: 'us-east-1',
    endpoint: url,
    credentials: { accessKeyId: 'A', secretAccessKey: 'B' },
  });
  const put = (Value: string, Type: 'String' | 'SecureString' | 'StringList' = 'SecureString') =>
    ssm.send(new PutParameterCommand({ Name, Value, Type, Overwrite: true }));

  test('is read decrypted, and a change is seen by the next read', async () => {
    const read = readsAt(url);
    await put(`${digest('a').toString('hex')}\n${digest('b').toString('hex')}`);
    expect(await read()).toEqual({ kind: 'read', keys: [digest('a'), digest('b')] });
    await put(digest('b').toString('hex'));
    expect(await read()).toEqual({ kind: 'read', keys: [digest('b')] });
    await put('none');
    expect(await read()).toEqual({ kind: 'read', keys: [] });
  });

  test('that holds anything else is a failure that does not repeat it', async () => {
    await put('top-secret');
    expect(await readsAt(url)()).toEqual({
      kind: 'failed',
      why: `parameter ${Name}: entry 1 is no SHA-256 digest of 64 hexadecimal digits`,
      passing: false,
    });
  });

  test('that was deleted lists nobody', async () => {
    await put('none');
    await ssm.send(new DeleteParameterCommand({ Name }));
    expect(await readsAt(url)()).toEqual({ kind: 'read', keys: [] });
  });
});

describe.each([
  { where: 'local AWS', url: control.url },
  ...(moto.kind === 'absent' ? [] : [{ where: 'moto', url: moto.url }]),
])('the keys of receipts in $where', ({ url }) => {
  const ssm = new SSMClient({
    region: 'us-east-1',
    endpoint: url,
    credentials: { accessKeyId: 'A', secretAccessKey: 'B' },
  });
  const put = (Value: string) =>
    ssm.send(new PutParameterCommand({ Name, Value, Type: 'SecureString', Overwrite: true }));

  test('are read decrypted, the current one first', async () => {
    await put(`${'c'.repeat(64)}\n${'b'.repeat(64)}`);
    const reading = await readsReceiptsAt(url)();
    if (reading.kind !== 'read') throw new Error(reading.why);
    expect(reading.keys.map(({ secret }) => secret.toString('hex'))).toEqual([
      'c'.repeat(64),
      'b'.repeat(64),
    ]);
  });

  test('that hold anything else are a failure that does not repeat it', async () => {
    await put('top-secret');
    expect(await readsReceiptsAt(url)()).toEqual({
      kind: 'failed',
      why: `parameter ${Name}: entry 1 is no key of 64 hexadecimal digits`,
      passing: false,
    });
  });

  test('that were deleted are a failure: keys read before stay in use', async () => {
    await put('c'.repeat(64));
    await ssm.send(new DeleteParameterCommand({ Name }));
    expect(await readsReceiptsAt(url)()).toEqual({
      kind: 'failed',
      why: 'ssm:GetParameter answered 400 ParameterNotFound',
      passing: false,
    });
  });
});

describe('a read that fails', () => {
  test.each([
    {
      what: 'denied',
      faults: { deny: { 'ssm:GetParameter': true } },
      why: 'ssm:GetParameter answered 400 AccessDeniedException',
      passing: false,
    },
    {
      what: 'throttled',
      faults: { faults: [{ action: 'ssm:GetParameter', kind: 'throttle' as const }] },
      why: 'ssm:GetParameter answered 400 ThrottlingException',
      passing: true,
    },
    {
      what: 'broken',
      faults: { faults: [{ action: 'ssm:GetParameter', kind: 'error-before' as const }] },
      why: 'ssm:GetParameter answered 500 InternalServerError',
      passing: true,
    },
  ])('because it is $what says so', async ({ faults, why, passing }) => {
    local.inject({ reset: true, ...faults });
    expect(await readsAt(control.url)()).toEqual({ kind: 'failed', why, passing });
    local.inject({ reset: true });
  });

  test('because nobody listens may pass', async () => {
    expect(await readsAt('http://127.0.0.1:1')()).toMatchObject({ kind: 'failed', passing: true });
  });

  test('because there are no credentials will not pass', async () => {
    const read = createReadKeys(
      { env: {}, now: () => 0, timers: { set: () => 0, clear: () => undefined } },
      Name,
    );
    expect(await read()).toEqual({
      kind: 'failed',
      why: 'AWS_REGION is not set to a region',
      passing: false,
    });
  });

  test('because no answer comes ends after 1.5 s', async () => {
    let asked = 0;
    const read = createReadKeys(
      {
        env: {
          AWS_ENDPOINT_URL: control.url,
          AWS_REGION: 'us-east-1',
          AWS_ACCESS_KEY_ID: 'A',
          AWS_SECRET_ACCESS_KEY: 'B',
        },
        now: () => Date.now(),
        timers: {
          set: (run, ms) => {
            asked = ms;
            return setImmediate(run);
          },
          clear: (timer) => clearImmediate(timer as NodeJS.Immediate),
        },
      },
      Name,
    );
    local.inject({ faults: [{ action: 'ssm:GetParameter', kind: 'hang' }] });
    expect(await read()).toEqual({ kind: 'failed', why: 'no answer within 1500 ms', passing: true });
    expect(asked).toBe(1_500);
    await local.stop();
  });
});
