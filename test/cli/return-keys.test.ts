import { describe, expect, it } from 'vitest';
import { type Platform, PlatformError } from '../../src/ports/platform.ts';
import { bad, baking, type CliWorld, type Ran, serving } from '../support/cli-world.ts';

const then = 'a'.repeat(64);
const now = 'b'.repeat(64);
const frozen = (digest: string) => ({ MLREG_API_KEYS_SHA256: digest });

/** v2.3.0 was promoted after v2.2.0, whose Lambda version 7 holds a key that was revoked since. */
async function revoked(today: Readonly<Record<string, string>> = frozen(now)): Promise<CliWorld> {
  const cli = await serving();
  cli.model.publishAs('7', frozen(then));
  cli.model.publishAs('$LATEST', today);
  expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(0);
  cli.model.latest = ['variable MLREG_API_KEYS_SHA256 (changed)'];
  return cli;
}

const change = (cli: CliWorld, over: Partial<Platform>): void =>
  void Object.assign(cli.model.ports.platform, over);
const refused = (): Promise<never> =>
  Promise.reject(new PlatformError({ kind: 'unknown', message: 'no answer' }));
const serves = (cli: CliWorld): string => cli.model.alias().target.functionVersion;
const keysThatServe = (cli: CliWorld) => cli.model.variablesOf(serves(cli)).MLREG_API_KEYS_SHA256;
const steps = ({ stderr }: Ran): readonly string[] =>
  [...stderr.matchAll(/ kind=(\S+) /g)].map(([, kind]) => kind ?? '');
const comesBack = '1 key that was revoked since would be valid again';
const last = ['promote', 'commit', 'route', 'notify'];

describe('a rollback to a Lambda version with other API keys than today', () => {
  it.each(['rollback', 'rollback --to v2.2.0'])(
    '%s says so, and publishes it anew, smoke-tested and warm',
    async (words) => {
      const cli = await revoked();
      const asked: (string | undefined)[] = [];
      const { smoke } = cli.model.ports.platform;
      change(cli, {
        smoke: (endpoint, through) => {
          asked.push(through);
          return smoke(endpoint, through);
        },
      });
      const ran = await cli.run(words);
      expect([ran.code, steps(ran)]).toEqual([0, ['smoke', 'warm-up', ...last]]);
      expect(ran.stderr).toContain(comesBack);
      expect(ran.stderr).toContain("So it is published anew with today's keys");
      expect(serves(cli)).not.toBe('7');
      expect([keysThatServe(cli), asked]).toEqual([now, [serves(cli)]]);
      const { versions } = await cli.ask('versions');
      const record = versions.find(({ version }: any) => version === 'v2.2.0');
      expect(record).toMatchObject({ status: 'champion', functionVersion: serves(cli) });
      expect(record.services.map(({ left }: any) => left?.why)).toEqual(['replaced', undefined]);
      // It is the recorded version from now on.
      expect(await cli.ask('rollback --to v2.2.0')).toMatchObject({ result: 'already-serving' });
    },
  );

  const failures: readonly (readonly [string, Partial<Platform>])[] = [
    ['publishing it', { publish: refused }],
    ['its smoke test', { smoke: async () => ({ passed: false, requests: 1, why: 'status 503' }) }],
    ['its warm-up', { warm: refused }],
  ];
  it.each(failures)(
    'uses the recorded one where %s fails, and says that the keys come back',
    async (_, over) => {
      const cli = await revoked();
      change(cli, over);
      const ran = await cli.run('rollback');
      expect([ran.code, serves(cli), keysThatServe(cli)]).toEqual([0, '7', then]);
      expect(ran.stderr).toMatch(/not published anew: .+ Lambda version 7 holds 1 API key of its own/);
      expect(steps(ran).slice(-last.length)).toEqual(last);
    },
  );

  it('uses the recorded one where publishing takes longer than two minutes', async () => {
    const cli = await revoked();
    const { smoke } = cli.model.ports.platform;
    change(cli, {
      smoke: (endpoint, through) => {
        cli.clock.advance(130_000);
        return smoke(endpoint, through);
      },
    });
    const ran = await cli.run('rollback');
    expect([ran.code, serves(cli)]).toEqual([0, '7']);
    expect(ran.stderr).toContain('not published anew: it took longer than 2m');
  });

  it.each(['code', 'variable TABLE (changed)', 'memory (256 MB instead of 128 MB)'])(
    'publishes nothing where $LATEST differs in more than the keys (%s)',
    async (difference) => {
      const cli = await revoked();
      cli.model.latest = [...cli.model.latest, difference];
      const before = cli.model.calls.length;
      const ran = await cli.run('rollback');
      expect([ran.code, serves(cli), steps(ran)]).toEqual([0, '7', ['warm-up', ...last]]);
      expect(cli.model.calls.slice(before)).not.toContain('publish');
      expect(ran.stderr).toContain(`$LATEST differs from it in more than the keys: ${difference}`);
      expect(ran.stderr).toContain(comesBack);
    },
  );

  it('uses the recorded one where the keys cannot be read, and says so', async () => {
    const cli = await revoked();
    cli.model.fault = (_at, name) =>
      ['publish', 'variables', 'codeSha256', 'latestDifferences'].includes(name) ? 'denied' : null;
    const ran = await cli.run('rollback');
    expect([ran.code, serves(cli), steps(ran)]).toEqual([0, '7', ['warm-up', ...last]]);
    expect(ran.stderr).toContain(
      "lets callers in by today's API keys could not be read (variables is denied)",
    );
  });

  it('sends the recorded one of a version that users fled from through its smoke test, too', async () => {
    const cli = await revoked();
    const fled = serves(cli);
    await cli.run('rollback');
    cli.clock.advance(700_000);
    cli.model.publishAs(fled, { ...cli.model.variablesOf(fled), ...frozen(then) });
    change(cli, { publish: refused });
    const asked: (string | undefined)[] = [];
    change(cli, {
      smoke: async (_endpoint, through) => {
        asked.push(through);
        return { passed: true, requests: 1 };
      },
    });
    expect((await cli.run('rollback --to v2.3.0 --yes')).code).toBe(0);
    expect([serves(cli), asked]).toEqual([fled, [fled]]);
  });

  // No smoke test asks for a key: what is mistyped there would lock everybody out, and the smoke test would pass.
  it.each([
    ['others', frozen('c'.repeat(64))],
    ['a parameter', { MLREG_API_KEYS_PARAMETER: '/mistyped' }],
    ['none', {}],
  ])('never lets keys of $LATEST that nobody was let in by yet reach users: %s', async (_, untried) => {
    const cli = await revoked();
    cli.model.publishAs('$LATEST', untried);
    const before = cli.model.calls.length;
    const ran = await cli.run('rollback');
    expect([ran.code, serves(cli), keysThatServe(cli)]).toEqual([0, '7', then]);
    expect(ran.stderr).toContain('the API keys in $LATEST have let nobody in yet');
    expect(await cli.ask('rollback --to v2.2.0')).toMatchObject({ result: 'already-serving' });
    expect(cli.model.calls.slice(before)).not.toContain('publish');
  });

  it('goes on where its process died while it was published', async () => {
    const cli = await revoked();
    let calls = 0;
    cli.model.fault = (_at, name) => (name === 'smoke' && calls++ === 0 ? 'crash-before' : null);
    await cli.run('rollback');
    expect(cli.model.alias().stamp?.back).toBe('7');
    const ran = await cli.run('rollback');
    expect([ran.code, keysThatServe(cli)]).toEqual([0, now]);
  });

  it('moves users by the alias alone to the recorded one where the store is lost meanwhile', async () => {
    const cli = await revoked();
    cli.when(
      ({ kind }) => kind === 'result',
      () => {
        cli.model.fault = () => 'crash-before';
      },
    );
    await cli.run('rollback');
    cli.model.fault = (_at, name) => (name.startsWith('store.') ? 'error-before' : null);
    const ran = await cli.run('rollback', { as: 'bob' });
    expect([ran.code, serves(cli)]).toEqual([0, '7']);
    expect(ran.stderr).toContain(comesBack);
  });
});

describe('after users were brought back at once', () => {
  it('a verdict names the keys that serve again', async () => {
    const cli = await serving();
    cli.model.publishAs('7', frozen(then));
    cli.model.publishAs('$LATEST', frozen(now));
    cli.model.behaviour['v2.3.0'] = bad;
    const ran = await cli.run('deploy --model-version v2.3.0');
    expect([ran.code, serves(cli)]).toEqual([3, '7']);
    expect(ran.stderr).toContain(comesBack);
    expect(ran.stderr).toContain('Next: mlreg doctor --environment dev');
  });

  it.each(['abort', 'rollback'])(
    'so does %s of a rollout that runs, with no call before users are back',
    async (words) => {
      const cli = await serving();
      cli.model.publishAs('7', frozen(then));
      cli.model.publishAs('$LATEST', frozen(now));
      let back: Promise<Ran> | undefined;
      let from = 0;
      cli.when(baking(10), () => {
        from = cli.model.calls.length;
        back = cli.run(words, { as: 'bob' });
      });
      await cli.run('deploy --model-version v2.3.0');
      const ran = await back;
      expect([ran?.code, serves(cli)]).toEqual([0, '7']);
      expect(ran?.stderr).toContain(comesBack);
      const calls = cli.model.calls.slice(from);
      expect(calls.indexOf('writeAlias')).toBeLessThan(calls.indexOf('variables'));
    },
  );

  it('nothing is said where the keys are the same', async () => {
    const cli = await serving();
    cli.model.behaviour['v2.3.0'] = bad;
    expect((await cli.run('deploy --model-version v2.3.0')).stderr).not.toContain('API key');
  });
});
