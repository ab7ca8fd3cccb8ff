import {
  PublishVersionCommand,
  PutProvisionedConcurrencyConfigCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import { compareKeys } from '../../../src/app/rollback/return-keys.ts';
import type { Stamp } from '../../../src/domain/journal.ts';
import { rolloutId } from '../../../src/domain/units.ts';
import type { Fate } from '../../support/in-process.ts';
import type { PlatformError } from '../../../src/ports/platform.ts';
import { setAlias } from '../../../src/runner/set-alias.ts';
import { zipped } from '../../unit/local-aws/core/bench.ts';
import { functionName, isOperation, lambdaOf, lost, type Stack, stack, userVariables } from './stack.ts';

const stamp: Stamp = { environment: 'prod', token: 5, seq: 12, rollout: rolloutId('r-abc'), back: '1' };
const updateAlias = isOperation('PUT', /\/aliases\/live$/);
const updateConfiguration = isOperation('PUT', /\/configuration$/);
const publishVersion = isOperation('POST', /\/versions$/);

const publication = /^POST .*versions$/;

const failure = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return (error as PlatformError).failure;
};

const route = (name: string) => ({ MLREG_ROUTE: JSON.stringify({ champion: name }) });

const publish = async ({ platform }: Stack, name: string) => {
  const codeSha256 = await platform.codeSha256();
  return platform.publish({ variables: route(name), codeSha256, description: `mlreg r-abc single ${name}` });
};

test('an alias nobody of mlreg has written carries no stamp', async () => {
  const { platform } = await stack();
  const view = await platform.readAlias('live');
  expect(view).toMatchObject({
    target: { functionVersion: '1', weights: {} },
    description: '',
    stamp: undefined,
  });
  expect(view.revisionId).not.toBe('');
});

test('a written alias is read back with its weights and stamp, and an empty map clears the weights', async () => {
  const made = await stack();
  const { platform } = made;
  await publish(made, 'v2');
  const { revisionId } = await platform.readAlias('live');
  const split = { functionVersion: '1', weights: { '2': 0.1 } };
  const first = await platform.writeAlias('live', { target: split, stamp, revisionId });
  const view = await platform.readAlias('live');
  expect(view).toMatchObject({ target: split, stamp });
  expect(first).toEqual({ kind: 'written', revisionId: view.revisionId });

  const promoted = { functionVersion: '2', weights: {} };
  await platform.writeAlias('live', {
    target: promoted,
    stamp: { ...stamp, seq: 13 },
    revisionId: view.revisionId,
  });
  expect(await platform.readAlias('live')).toMatchObject({ target: promoted, stamp: { seq: 13 } });
});

test('a RevisionId that is not the newest is an answer, and nothing is written', async () => {
  const { platform } = await stack();
  const { revisionId } = await platform.readAlias('live');
  const target = { functionVersion: '1', weights: {} };
  await platform.writeAlias('live', { target, stamp, revisionId });
  const late = await platform.writeAlias('live', { target, stamp: { ...stamp, token: 4 }, revisionId });
  expect(late).toEqual({ kind: 'precondition' });
  expect((await platform.readAlias('live')).stamp).toEqual(stamp);
});

test.each(['before', 'after'] as const)(
  'a write lost %s its effect is unknown, and sent once',
  async (kind) => {
    const made = await stack();
    const { revisionId } = await made.platform.readAlias('live');
    made.fate = (request) => (updateAlias(request) ? { kind, error: lost() } : 'pass');
    made.asked.length = 0;
    const target = { functionVersion: '1', weights: {} };
    const seen = await failure(made.platform.writeAlias('live', { target, stamp, revisionId }));
    expect(seen.kind).toBe('unknown');
    expect(seen.message).toContain('lambda:UpdateAlias on alias live');
    expect(made.asked).toHaveLength(1);
    expect((await made.platform.readAlias('live')).stamp).toEqual(kind === 'after' ? stamp : undefined);
  },
);

test('denied names the action; an alias that is not there is missing', async () => {
  const { platform, local } = await stack();
  local.inject({ deny: { 'lambda:UpdateAlias': true } });
  const { revisionId } = await platform.readAlias('live');
  const target = { functionVersion: '1', weights: {} };
  const denied = await failure(platform.writeAlias('live', { target, stamp, revisionId }));
  expect(denied).toMatchObject({ kind: 'denied', action: 'lambda:UpdateAlias' });
  expect(denied.message).toContain('Allow lambda:UpdateAlias');
  expect(await failure(platform.readAlias('green'))).toMatchObject({ kind: 'missing' });
});

test("publishing keeps the user's variables, and leaves what is served alone", async () => {
  const made = await stack();
  const { functionVersion } = await publish(made, 'v2');
  expect(functionVersion).toBe('2');
  // The RevisionId that the update gave is dead when the update ends: with it the first try would fail.
  expect(made.asked.filter((line) => publication.test(line))).toHaveLength(1);
  expect(await made.platform.variables('2')).toEqual({ ...userVariables, ...route('v2') });
  expect(await made.platform.variables('1')).toEqual(userVariables);
  expect((await made.platform.readAlias('live')).target.functionVersion).toBe('1');
});

test('publishing twice gives the same version', async () => {
  const made = await stack();
  expect(await publish(made, 'v2')).toEqual({ functionVersion: '2' });
  expect(await publish(made, 'v2')).toEqual({ functionVersion: '2' });
  expect(await publish(made, 'v3')).toEqual({ functionVersion: '3' });
});

test('an equal version with less memory is no equal version', async () => {
  const made = await stack();
  await publish(made, 'v2');
  await lambdaOf(made).send(
    new UpdateFunctionConfigurationCommand({ FunctionName: functionName, MemorySize: 1024 }),
  );
  expect(await publish(made, 'v2')).toEqual({ functionVersion: '3' });
});

test('variables that stand in $LATEST already are published without an update', async () => {
  const made = await stack();
  const Variables = { ...userVariables, ...route('v2') };
  await lambdaOf(made).send(
    new UpdateFunctionConfigurationCommand({ FunctionName: functionName, Environment: { Variables } }),
  );
  await made.clock.advance(1_000);
  made.asked.length = 0;
  expect(await publish(made, 'v2')).toEqual({ functionVersion: '2' });
  expect(made.asked.filter((line) => line.startsWith('PUT'))).toEqual([]);
});

describe('published versions', () => {
  test('are listed over all pages, and those of others told apart', async () => {
    const made = await stack();
    for (let i = 2; i <= 60; i++) await publish(made, `v${i}`);
    const found = await made.platform.publishedVersions();
    expect(found.map(({ functionVersion }) => Number(functionVersion))).toEqual(
      Array.from({ length: 60 }, (_, i) => i + 1),
    );
    expect(found.filter(({ isOurs }) => !isOurs)).toEqual([{ functionVersion: '1', isOurs: false }]);
  });

  test('are deleted one by one; one that is gone is no error, and one that an alias serves is refused', async () => {
    const made = await stack();
    await publish(made, 'v2');
    await publish(made, 'v3');
    await made.platform.deleteFunctionVersion('2');
    await made.platform.deleteFunctionVersion('2');
    expect((await made.platform.publishedVersions()).map(({ functionVersion }) => functionVersion)).toEqual([
      '1',
      '3',
    ]);
    expect(await failure(made.platform.deleteFunctionVersion('1'))).toMatchObject({
      message: expect.stringContaining('aliases reference it: [live]'),
    });
    // A number is never given twice.
    expect(await publish(made, 'v4')).toEqual({ functionVersion: '4' });
  });

  test.each(['', '$LATEST', 'live', '0', ' 2', '2 ', '2/../..', '-1', '1e1', '02'])(
    "are all that is ever deleted: '%s' is refused and nothing is asked, for the whole function would go",
    async (qualifier) => {
      const made = await stack();
      await publish(made, 'v2');
      made.asked.length = 0;
      expect(await failure(made.platform.deleteFunctionVersion(qualifier))).toMatchObject({
        kind: 'refused',
      });
      expect(made.asked).toEqual([]);
    },
  );

  test('are left where the permission lacks', async () => {
    const made = await stack();
    await publish(made, 'v2');
    made.local.inject({ deny: { 'lambda:DeleteFunction': true } });
    expect(await failure(made.platform.deleteFunctionVersion('2'))).toMatchObject({
      kind: 'denied',
      action: 'lambda:DeleteFunction',
    });
  });
});

test.each([
  ['before our update', updateConfiguration],
  ['between our update and the publication', publishVersion],
])("a foreign update %s is kept, and isn't published as ours", async (_when, ours) => {
  const made = await stack();
  let once = true;
  made.fate = async (request): Promise<Fate> => {
    if (once && ours(request)) {
      once = false;
      const { Environment } = await current(made);
      await foreign(made, { ...Environment?.Variables, LOG_LEVEL: 'debug' });
    }
    return 'pass';
  };
  const { functionVersion } = await publish(made, 'v2');
  const expected = { ...userVariables, LOG_LEVEL: 'debug', ...route('v2') };
  expect(await made.platform.variables(functionVersion)).toEqual(expected);
});

test("somebody who takes our variables out again and again ends in 'try later'", async () => {
  const made = await stack();
  made.fate = async (request): Promise<Fate> => {
    if (publishVersion(request)) await foreign(made, userVariables);
    return 'pass';
  };
  const seen = await failure(publish(made, 'v2'));
  expect(seen).toMatchObject({ kind: 'throttled' });
  expect(made.asked.filter((line) => publication.test(line))).toHaveLength(5);
});

test.each([
  ['the update', updateConfiguration],
  ['the publication', publishVersion],
])('a lost reply to %s ends in one version', async (_what, operation) => {
  const made = await stack();
  let times = 0;
  made.fate = (request) => (operation(request) && times++ === 0 ? { kind: 'after', error: lost() } : 'pass');
  expect(await publish(made, 'v2')).toEqual({ functionVersion: '2' });
  expect(await publish(made, 'v3')).toEqual({ functionVersion: '3' });
});

test('code that changed under a rollout is refused', async () => {
  const made = await stack();
  const codeSha256 = await made.platform.codeSha256();
  await lambdaOf(made).send(
    new UpdateFunctionCodeCommand({
      FunctionName: functionName,
      ZipFile: zipped('exports.handler = async () => 2'),
    }),
  );
  const seen = await failure(made.platform.publish({ variables: route('v2'), codeSha256, description: '' }));
  expect(seen).toMatchObject({ kind: 'refused' });
  expect(seen.message).toContain('was changed while a rollout ran');
  expect(await made.platform.codeSha256('1')).toBe(codeSha256);
});

test('a version that is pending is waited for', async () => {
  const made = await stack({ settings: { settings: { versionPendingMs: 5_000 } } });
  await made.clock.advance(60_000);
  const before = made.clock.now();
  const { functionVersion } = await publish(made, 'v2');
  expect(made.clock.now() - before).toBeGreaterThanOrEqual(5_000);
  expect(await made.platform.warm(functionVersion, 1)).toBe(1);
});

test('warming invokes the version so many times at once, and counts who answered', async () => {
  const made = await stack();
  await publish(made, 'v2');
  let running = 0;
  let most = 0;
  made.functions.answer = async () => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    return { payload: '{}', coldStart: true, logs: [] };
  };
  expect(await made.platform.warm('2', 5)).toBe(5);
  expect(most).toBe(5);
  expect(made.functions.invoked.map(({ version }) => version.version)).toEqual(Array(5).fill('2'));
  expect(JSON.parse(made.functions.invoked[0]!.invocation.payload)).toEqual({ mlreg: 'warm', holdMs: 200 });
});

test('throttled and failed environments are not warm; a missing permission is an error', async () => {
  const made = await stack();
  made.functions.answer = () => ({ payload: '{}', coldStart: true, logs: [], functionError: 'Unhandled' });
  expect(await made.platform.warm('1', 2)).toBe(0);
  made.local.inject({ faults: [{ action: 'lambda:Invoke', kind: 'throttle', times: 1 }] });
  made.functions.answer = () => ({ payload: '{}', coldStart: true, logs: [] });
  expect(await made.platform.warm('1', 3)).toBe(2);
  made.local.inject({ deny: { 'lambda:InvokeFunction': true } });
  expect(await failure(made.platform.warm('1', 1))).toMatchObject({
    kind: 'denied',
    action: 'lambda:InvokeFunction',
  });
});

const current = async (made: Stack) => {
  const { GetFunctionConfigurationCommand } = await import('@aws-sdk/client-lambda');
  return lambdaOf(made).send(new GetFunctionConfigurationCommand({ FunctionName: functionName }));
};

const foreign = async (made: Stack, Variables: Record<string, string>) => {
  await lambdaOf(made).send(
    new UpdateFunctionConfigurationCommand({ FunctionName: functionName, Environment: { Variables } }),
  );
  await made.clock.advance(1_000);
};

test('an alias with provisioned concurrency comes home all the same, by a second write', async () => {
  const made = await stack();
  const { platform, clock } = made;
  const { functionVersion: second } = await publish(made, 'v2');
  const before = await platform.readAlias('live');
  await platform.writeAlias('live', {
    target: { functionVersion: second, weights: {} },
    stamp,
    revisionId: before.revisionId,
  });
  await lambdaOf(made).send(
    new PutProvisionedConcurrencyConfigCommand({
      FunctionName: functionName,
      Qualifier: 'live',
      ProvisionedConcurrentExecutions: 2,
    }),
  );
  const home = { functionVersion: '1', weights: {} };
  const served: object[] = [];
  const goHome = async (seq: number) => {
    const { revisionId } = await platform.readAlias('live');
    const wish = { alias: 'live', target: home, stamp: { ...stamp, seq } };
    const { kind } = await setAlias(platform, wish, { revisionId, seq: seq - 1 });
    served.push((await platform.readAlias('live')).target);
    return kind;
  };
  expect(await goHome(13)).toBe('failed');
  expect(await goHome(14)).toBe('set');
  expect(served).toEqual([{ functionVersion: '1', weights: { [second]: 1 } }, home]);
  // Left alone it would have come home as well, minutes later.
  await clock.advance(10_000);
  expect((await platform.readAlias('live')).target).toEqual(home);
});

test('what $LATEST has and a version has not is told by name; what mlreg itself publishes is no difference', async () => {
  const made = await stack();
  expect(await made.platform.latestDifferences('1')).toEqual([]);
  await publish(made, 'v2');
  expect(await made.platform.latestDifferences('1')).toEqual([]);
  await foreign(made, { ...userVariables, LOG_LEVEL: 'debug' });
  await made.clock.advance(1_000);
  expect(await made.platform.latestDifferences('1')).toEqual(['variable LOG_LEVEL (changed)']);
  await lambdaOf(made).send(
    new UpdateFunctionCodeCommand({ FunctionName: functionName, ZipFile: zipped('exports.handler = 1') }),
  );
  await made.clock.advance(1_000);
  expect(await made.platform.latestDifferences('1')).toEqual(['code', 'variable LOG_LEVEL (changed)']);
  expect(await failure(made.platform.latestDifferences('99'))).toMatchObject({ kind: 'missing' });
  const { functionVersion } = await publish(made, 'v9');
  expect(await made.platform.publishedDifferences(functionVersion, '1')).toEqual([
    'code',
    'variable LOG_LEVEL (changed)',
  ]);
  expect(await made.platform.publishedDifferences(functionVersion, functionVersion)).toEqual([]);
});

test('the variables of $LATEST are read like those of a version', async () => {
  const made = await stack();
  expect(await made.platform.variables('$LATEST')).toEqual(userVariables);
  expect(await made.platform.variables('1')).toEqual(userVariables);
});

const keys = (digit: string) => ({ MLREG_API_KEYS_SHA256: digit.repeat(64) });

/** Version 2 serves route v2 and lets callers in by an older key than $LATEST does. */
async function revoked(today: Readonly<Record<string, string>> = {}): Promise<Stack> {
  const made = await stack();
  await foreign(made, { ...userVariables, ...keys('a') });
  await made.clock.advance(1_000);
  expect(await publish(made, 'v2')).toEqual({ functionVersion: '2' });
  await foreign(made, { ...userVariables, ...keys('b'), ...today });
  await made.clock.advance(1_000);
  return made;
}

test('a version with revoked keys can be published anew where nothing else has changed', async () => {
  const made = await revoked();
  const found = await compareKeys(made.platform, '2');
  expect(found).toEqual({
    kind: 'differ',
    how: expect.stringContaining('1 key that was revoked since would be valid again'),
  });
  const { functionVersion } = await publish(made, 'v2');
  expect(await made.platform.variables(functionVersion)).toEqual({
    ...(await made.platform.variables('2')),
    ...keys('b'),
  });
});

test('and not where $LATEST differs in anything else', async () => {
  const made = await revoked({ TABLE: 'broken' });
  expect(await compareKeys(made.platform, '2')).toMatchObject({
    kind: 'differ',
    obstacle: '$LATEST differs from it in more than the keys: variable TABLE (changed)',
  });
});

test('keys that cannot be read stand in nobody’s way, and each call is sent once', async () => {
  const made = await revoked();
  made.local.inject({ deny: { 'lambda:GetFunctionConfiguration': true } });
  made.asked.length = 0;
  expect(await compareKeys(made.platform, '2')).toMatchObject({ kind: 'unread' });
  expect(made.asked).toHaveLength(2);
});

test('a version that was deleted is no matter of keys: it is built', async () => {
  const made = await stack();
  expect(await compareKeys(made.platform, '99')).toEqual({ kind: 'same' });
});
