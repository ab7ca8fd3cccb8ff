import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createFunctionRuntime } from '../../../../src/local-aws/data-plane/environments.ts';
import type { FunctionSnapshot, InvocationResult } from '../../../../src/local-aws/seams.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

const coldStartMs = 120;
const idleMs = 60_000;

function setUp(limits: { environmentsPerFunction?: number; startsAtOnce?: number } = {}, late = { ms: 0 }) {
  const exact = manualClock();
  const clock = { ...exact, at: (at: number, run: () => void) => exact.at(at + late.ms, run) };
  const runtime = createFunctionRuntime({
    clock,
    region: 'eu-central-1',
    platformVariables: () => ({ AWS_ENDPOINT_URL: 'http://127.0.0.1:4566', AWS_SESSION_TOKEN: 'secret' }),
    settings: { coldStartMs, idleMs, ...limits },
  });
  const invoke = (version: FunctionSnapshot, event: unknown = {}): Promise<InvocationResult> =>
    runtime.invoke(version, {
      requestId: 'request-1',
      payload: JSON.stringify(event),
      invokedFunctionArn: `${version.functionArn}:live`,
    });
  return { clock, runtime, invoke };
}

function versionOf(code: string, more: Partial<FunctionSnapshot> = {}): FunctionSnapshot {
  return {
    functionName: 'recommend',
    functionArn: 'arn:aws:lambda:eu-central-1:000000000000:function:recommend',
    version: '7',
    codeSha256: createHash('sha256').update(code).digest('hex'),
    code: Buffer.from(code),
    handler: 'index.handler',
    environment: {},
    timeoutMs: 3_000,
    memoryMb: 256,
    ...more,
  };
}

async function after<T>(clock: ManualClock, ms: number, work: Promise<T>): Promise<T> {
  await clock.advance(ms);
  return work;
}

const counting = versionOf(`let n = 0; exports.handler = async () => ++n;`);
/** Answers when the test says so: the event names a promise kept in the global scope. */
const held = versionOf(
  `let n = 0; exports.handler = async (e) => { n++; await globalThis[e.gate]; return n; };`,
);

function gate(name: string): () => void {
  let open = (): void => undefined;
  (globalThis as Record<string, unknown>)[name] = new Promise<void>((resolve) => (open = resolve));
  return open;
}

describe('execution environments', () => {
  it('start cold once, wait out the cold start, and are reused with their state', async () => {
    const { clock, runtime, invoke } = setUp();
    let answered = false;
    const first = invoke(counting).then((result) => ((answered = true), result));
    await clock.advance(coldStartMs - 1);
    expect(answered).toBe(false);
    await clock.advance(1);
    expect(await first).toMatchObject({ payload: '1', coldStart: true });
    expect(await invoke(counting)).toMatchObject({ payload: '2', coldStart: false });
    expect(runtime.counts()).toEqual([
      { functionName: 'recommend', version: '7', environments: 1, busy: 0, coldStarts: 1, invocations: 2 },
    ]);
  });

  it('take one request at a time; the one used last is used first', async () => {
    const { clock, runtime, invoke } = setUp();
    const openA = gate('gateA');
    const openB = gate('gateB');
    const a = invoke(held, { gate: 'gateA' });
    const b = invoke(held, { gate: 'gateB' });
    await clock.advance(coldStartMs);
    expect(runtime.counts()[0]).toMatchObject({ environments: 2, busy: 2, coldStarts: 2 });
    openB();
    await b;
    openA();
    await a;
    // A's environment was released last, so it takes every request that comes alone.
    expect([(await invoke(held)).payload, (await invoke(held)).payload]).toEqual(['2', '3']);
    expect(runtime.counts()[0]).toMatchObject({ environments: 2, busy: 0, coldStarts: 2 });
  });

  it('are dropped when idle for long, the one that is used kept', async () => {
    const { clock, runtime, invoke } = setUp();
    await after(clock, coldStartMs, Promise.all([invoke(counting), invoke(counting)]));
    await clock.advance(idleMs - 1);
    await invoke(counting);
    await clock.advance(1);
    expect(runtime.counts()[0]).toMatchObject({ environments: 1, coldStarts: 2 });
    await clock.advance(idleMs);
    expect(runtime.counts()[0]).toMatchObject({ environments: 0 });
    expect(clock.pending()).toBe(0);
    expect(await after(clock, coldStartMs, invoke(counting))).toMatchObject({
      payload: '1',
      coldStart: true,
    });
  });

  it('of different versions share no state, though the code is the same', async () => {
    const { clock, invoke } = setUp();
    const other = { ...counting, version: '8' };
    await after(clock, coldStartMs, invoke(counting));
    expect(await after(clock, coldStartMs, invoke(other))).toMatchObject({ payload: '1', coldStart: true });
  });

  it('of $LATEST end when its code changes', async () => {
    const { clock, runtime, invoke } = setUp();
    const before = { ...counting, version: '$LATEST' };
    await after(clock, coldStartMs, invoke(before));
    const same = { ...before };
    expect(await invoke(same)).toMatchObject({ payload: '2', coldStart: false });
    const changed = { ...before, environment: { A: '1' } };
    expect(await after(clock, coldStartMs, invoke(changed))).toMatchObject({ payload: '1', coldStart: true });
    expect(runtime.counts()).toMatchObject([{ version: '$LATEST', environments: 1, coldStarts: 2 }]);
  });

  it('are refused past the limit of a function, all versions together', async () => {
    const { clock, invoke } = setUp({ environmentsPerFunction: 2 });
    const open = gate('gateC');
    const running = [invoke(held, { gate: 'gateC' }), invoke({ ...held, version: '8' }, { gate: 'gateC' })];
    await clock.advance(coldStartMs);
    await expect(invoke(held)).rejects.toMatchObject({ name: 'TooManyRequestsException' });
    open();
    await Promise.all(running);
    expect(await invoke(held)).toMatchObject({ payload: '2' });
  });

  it('make room for another version when they are idle, the longest idle first', async () => {
    const { clock, runtime, invoke } = setUp({ environmentsPerFunction: 2 });
    await after(clock, coldStartMs, invoke(counting));
    await after(clock, coldStartMs, invoke({ ...counting, version: '8' }));
    await after(clock, coldStartMs, invoke({ ...counting, version: '9' }));
    expect(runtime.counts().map(({ version, environments }) => [version, environments])).toEqual([
      ['7', 0],
      ['8', 1],
      ['9', 1],
    ]);
  });

  it('that are free first take the request that waits longest, started for it or not', async () => {
    const { clock, runtime, invoke } = setUp();
    const [openA, openB] = [gate('gateF'), gate('gateG')];
    const a = invoke(held, { gate: 'gateF' });
    await clock.advance(coldStartMs);
    const b = invoke(held, { gate: 'gateG' });
    await clock.advance(coldStartMs / 2);
    openA();
    expect(await a).toMatchObject({ payload: '1', coldStart: true });
    openB();
    expect(await b).toMatchObject({ payload: '2', coldStart: false });
    await clock.advance(coldStartMs / 2);
    expect(runtime.counts()[0]).toMatchObject({ environments: 2, busy: 0, coldStarts: 2, invocations: 2 });
  });

  it('are started a few at once, and no more than are waited for', async () => {
    const { clock, runtime, invoke } = setUp({ startsAtOnce: 2 });
    const open = gate('gateH');
    const running = Array.from({ length: 5 }, () => invoke(held, { gate: 'gateH' }));
    const seen: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      seen.push(runtime.counts()[0]?.coldStarts);
      await clock.advance(coldStartMs);
    }
    expect(seen).toEqual([2, 4, 5]);
    open();
    await Promise.all(running);
    expect(runtime.counts()[0]).toMatchObject({ environments: 5, busy: 0, coldStarts: 5 });
  });

  it('that were to be started for requests since answered are not', async () => {
    const { clock, runtime, invoke } = setUp({ startsAtOnce: 1 });
    const running = Array.from({ length: 5 }, () => invoke(counting));
    await clock.advance(coldStartMs);
    expect((await Promise.all(running)).map(({ payload }) => payload)).toEqual(['1', '2', '3', '4', '5']);
    // The second was begun when the first was there.
    await clock.advance(coldStartMs);
    expect(runtime.counts()[0]).toMatchObject({ environments: 2, busy: 0, coldStarts: 2 });
  });

  it('are not added while timers are late, but to a version that has none', async () => {
    const late = { ms: 200 };
    const { clock, runtime, invoke } = setUp({}, late);
    const open = gate('gateI');
    const running = [invoke(held, { gate: 'gateI' })];
    await clock.advance(coldStartMs + late.ms);
    running.push(invoke(held, { gate: 'gateI' }), invoke({ ...held, version: '8' }, { gate: 'gateI' }));
    await clock.advance(2_000);
    expect(runtime.counts().map(({ version, coldStarts }) => [version, coldStarts])).toEqual([
      ['7', 1],
      ['8', 1],
    ]);
    late.ms = 0;
    await clock.advance(1_000);
    expect(runtime.counts()[0]).toMatchObject({ coldStarts: 2, busy: 2 });
    open();
    await Promise.all(running);
  });

  it('of a stopped version finish what they do and take no more', async () => {
    const { clock, runtime, invoke } = setUp();
    const open = gate('gateD');
    const running = invoke(held, { gate: 'gateD' });
    await clock.advance(coldStartMs);
    await runtime.stop(held);
    open();
    expect(await running).toMatchObject({ payload: '1' });
    expect(runtime.counts()).toEqual([]);
    expect(await after(clock, coldStartMs, invoke(held))).toMatchObject({ payload: '1', coldStart: true });
  });
});

describe('what a handler sees', () => {
  const see = async (body: string, more: Partial<FunctionSnapshot> = {}, event: unknown = {}) => {
    const { clock, invoke } = setUp();
    const version = versionOf(`exports.handler = async (event, context) => { ${body} };`, more);
    const result = await after(clock, coldStartMs, invoke(version, event));
    return { ...result, value: JSON.parse(result.payload) };
  };

  it('is an environment of its own, not this process', async () => {
    process.env['MLREG_TEST_LEAK'] = 'leaked';
    const { value } = await see(
      `process.env.CHANGED = '1'; return { ...process.env, viaRequire: require('node:process').env.CHANGED };`,
      {
        environment: { MLREG_ROUTE: '{}' },
      },
    );
    delete process.env['MLREG_TEST_LEAK'];
    expect(value).toMatchObject({
      MLREG_ROUTE: '{}',
      AWS_REGION: 'eu-central-1',
      AWS_LAMBDA_FUNCTION_NAME: 'recommend',
      AWS_LAMBDA_FUNCTION_VERSION: '7',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
      AWS_SESSION_TOKEN: 'secret',
      viaRequire: '1',
    });
    expect(value).not.toHaveProperty('MLREG_TEST_LEAK');
    expect(process.env['CHANGED']).toBeUndefined();
  });

  it('is the context of its invocation', async () => {
    const { value } = await see(
      `return { ...context, left: context.getRemainingTimeInMillis(), event };`,
      {},
      { userId: 'u1' },
    );
    expect(value).toMatchObject({
      awsRequestId: 'request-1',
      functionVersion: '7',
      invokedFunctionArn: 'arn:aws:lambda:eu-central-1:000000000000:function:recommend:live',
      left: 3_000,
      event: { userId: 'u1' },
    });
  });

  it('prints into its own log', async () => {
    const { logs } = await see(
      `console.log('a %s', 'b'); console.error({ c: 1 }); process.stdout.write('{"_aws":1}\\n');`,
    );
    expect(logs).toEqual(['a b', '{ c: 1 }', '{"_aws":1}']);
  });

  it('may declare names of its own for what Node gives', async () => {
    const { clock, invoke } = setUp();
    const version = versionOf(
      `const process = require('process'); const console = null; exports.handler = async () => process.env.A;`,
      {
        environment: { A: '1' },
      },
    );
    expect(await after(clock, coldStartMs, invoke(version))).toMatchObject({ payload: '"1"' });
  });

  it('may import what Node has', async () => {
    const { value } = await see(`return typeof (await import('node:os')).cpus;`);
    expect(value).toBe('function');
  });

  it.each([
    ['throws', `throw new TypeError('bad id')`, { errorType: 'TypeError', errorMessage: 'bad id' }],
    ['throws no error', `throw 'bad'`, { errorType: 'string', errorMessage: 'bad' }],
    [
      'asks for a module that is not in its file',
      `require('undici')`,
      { errorType: 'Runtime.ImportModuleError' },
    ],
    ['answers what is no JSON', `const a = {}; a.a = a; return a`, { errorType: 'TypeError' }],
    ['answers too much', `return 'x'.repeat(7e6)`, { errorType: 'Function.ResponseSizeTooLarge' }],
    [
      'exits',
      `process.exit(4)`,
      { errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited with exit status 4' },
    ],
  ])('is an error answered where it %s', async (_case, body, error) => {
    const { functionError, value } = await see(body);
    expect(functionError).toBe('Unhandled');
    expect(value).toMatchObject(error);
    expect(JSON.stringify(value)).not.toContain('local-aws');
  });

  it.each([
    [
      'does not load',
      versionOf(`throw new Error('no model')`),
      { errorType: 'Error', errorMessage: 'no model' },
    ],
    ['is no JavaScript', versionOf(`exports.handler = `), { errorType: 'SyntaxError' }],
    ['has no handler', versionOf(`exports.other = 1`), { errorType: 'Runtime.HandlerNotFound' }],
  ])('is an error where the code %s, and each try is a new environment', async (_case, version, error) => {
    const { clock, runtime, invoke } = setUp();
    for (let i = 0; i < 2; i++) {
      const result = await after(clock, coldStartMs, invoke(version));
      expect(result).toMatchObject({ functionError: 'Unhandled', coldStart: true });
      expect(JSON.parse(result.payload)).toMatchObject(error);
    }
    expect(runtime.counts()[0]).toMatchObject({ environments: 0, coldStarts: 2 });
  });

  it('is cut off at its time limit, with its environment', async () => {
    const { clock, runtime, invoke } = setUp();
    const open = gate('gateE');
    const late = invoke(held, { gate: 'gateE' });
    await clock.advance(coldStartMs + 3_000);
    const { payload, functionError } = await late;
    expect(functionError).toBe('Unhandled');
    expect(JSON.parse(payload)).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: 'RequestId: request-1 Error: Task timed out after 3.00 seconds',
    });
    expect(runtime.counts()[0]).toMatchObject({ environments: 0, busy: 0 });
    open();
    await clock.advance(0);
    expect(runtime.counts()[0]).toMatchObject({ environments: 0, busy: 0 });
  });

  it('keeps its environment after an error, loses it after an exit', async () => {
    const { clock, invoke } = setUp();
    const version = versionOf(
      `let n = 0; exports.handler = async (e) => { n++; if (e.exit) process.exit(1); if (e.fail) throw new Error('x'); return n; };`,
    );
    await after(clock, coldStartMs, invoke(version, { fail: true }));
    expect(await invoke(version)).toMatchObject({ payload: '2' });
    await invoke(version, { exit: true });
    expect(await after(clock, coldStartMs, invoke(version))).toMatchObject({ payload: '1', coldStart: true });
  });
});
