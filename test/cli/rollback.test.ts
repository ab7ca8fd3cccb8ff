import { describe, expect, it } from 'vitest';
import type { VersionRecord } from '../../src/domain/registry.ts';
import { instant, rolloutId } from '../../src/domain/units.ts';
import { type Platform, PlatformError, type PlatformFailure } from '../../src/ports/platform.ts';
import { bad, baking, type CliWorld, type Ran, serving } from '../support/cli-world.ts';

const deploy = 'deploy --model-version v2.3.0';
const endpoint22 = 'recommendation-dev-v2-2-0-76322e32';

/** v2.3.0 was promoted after v2.2.0. */
async function promoted(): Promise<CliWorld> {
  const cli = await serving();
  expect((await cli.run(deploy)).code).toBe(0);
  return cli;
}

/** v2.3.0 was promoted and then rolled back; more than ten minutes have passed since. */
async function fled(): Promise<CliWorld> {
  const cli = await promoted();
  await cli.run('rollback --reason complaints');
  cli.clock.advance(700_000);
  return cli;
}

const refuse = (kind: Exclude<PlatformFailure['kind'], 'denied'>) => (): Promise<never> =>
  Promise.reject(new PlatformError({ kind, message: `${kind}!` }));

const denied = (): Promise<never> =>
  Promise.reject(new PlatformError({ kind: 'denied', action: 'apigateway:GET', message: 'denied!' }));

const change = (cli: CliWorld, over: Partial<Platform>): void =>
  void Object.assign(cli.model.ports.platform, over);

/** Lambda answers nothing but reads and writes of aliases. */
function withoutLatest(cli: CliWorld): void {
  cli.model.fault = (_at, name) => (['publish', 'variables', 'codeSha256'].includes(name) ? 'denied' : null);
}

const serves = (cli: CliWorld) => cli.model.alias().target;
const recordOf = async (cli: CliWorld, version: string): Promise<VersionRecord> =>
  (await cli.ask('versions')).versions.find((record: VersionRecord) => record.version === version);
const steps = ({ stderr }: Ran): readonly string[] =>
  [...stderr.matchAll(/ kind=(\S+) /g)].map(([, kind]) => kind ?? '');

describe('a rollback returns to the Lambda version that served before', () => {
  it.each(['rollback', 'rollback --to v2.2.0', 'rollback --to previous'])(
    '%s publishes nothing and reads nothing of $LATEST, also where Lambda refuses all of that',
    async (words) => {
      const cli = await promoted();
      withoutLatest(cli);
      const before = cli.model.calls.length;
      const ran = await cli.run(words);
      expect([ran.code, steps(ran)]).toEqual([0, ['warm-up', 'promote', 'commit', 'route', 'notify']]);
      expect(ran.stderr).toContain('everybody returns to Lambda version 7, which served it before');
      expect(ran.stderr).toContain('Nobody suffers now, so mlreg warms v2.2.0 first, for at most 30s');
      expect(ran.stderr).toContain('9 environments of v2.2.0 warm');
      expect(serves(cli)).toEqual({ functionVersion: '7', weights: {} });
      const calls = cli.model.calls.slice(before);
      expect(calls.filter((name) => name === 'publish' || name === 'ensureEndpoint')).toEqual([]);
      expect(await recordOf(cli, 'v2.2.0')).toMatchObject({ status: 'champion', functionVersion: '7' });
    },
  );

  it.each([
    { what: 'requests fail', behaviour: { errors: 0.2, latencyMs: 20 }, why: 'requests have failed' },
    { what: 'requests are slow', behaviour: { errors: 0, latencyMs: 1_500 }, why: 'requests take 1500 ms' },
  ])('without waiting for it to be warm where $what', async ({ behaviour, why }) => {
    const cli = await promoted();
    cli.model.behaviour['v2.3.0'] = behaviour;
    const before = cli.model.calls.length;
    const ran = await cli.run('rollback');
    expect([ran.code, steps(ran)]).toEqual([0, ['promote', 'commit', 'route', 'notify']]);
    expect(ran.stderr).toMatch(new RegExp(`Nobody waits until v2.2.0 is warm: .*${why}`));
    expect(cli.model.calls.slice(before)).not.toContain('warmEndpoint');
  });

  it('without waiting where the metrics cannot be read', async () => {
    const cli = await promoted();
    cli.model.reading = () => ({ kind: 'unreadable', why: 'CloudWatch is silent', denied: false });
    const ran = await cli.run('rollback');
    expect([ran.code, steps(ran)]).toEqual([0, ['promote', 'commit', 'route', 'notify']]);
    expect(ran.stderr).toContain(
      "Nobody waits until v2.2.0 is warm: the metrics can't be read (CloudWatch is silent)",
    );
  });

  it.each([
    { what: 'is denied', fault: 'denied' as const },
    { what: 'never answers', fault: 'error-before' as const },
  ])('cold where warming it $what', async ({ fault }) => {
    const cli = await promoted();
    cli.model.fault = (_at, name) => (name === 'warmEndpoint' ? fault : null);
    const begun = cli.model.ports.clock.now();
    const ran = await cli.run('rollback');
    expect([ran.code, steps(ran)]).toEqual([0, ['warm-up', 'promote', 'commit', 'route', 'notify']]);
    expect(ran.stderr).toContain('it may be cold: ');
    expect(cli.model.ports.clock.now() - begun).toBeLessThan(40_000);
    expect(serves(cli)).toEqual({ functionVersion: '7', weights: {} });
  });

  it.each(['abort', 'rollback', 'rollback --to v2.2.0'])(
    'and so does %s while a rollout is running',
    async (words) => {
      const cli = await serving();
      let back: Promise<Ran> | undefined;
      cli.when(baking(10), () => {
        withoutLatest(cli);
        back = cli.run(words, { as: 'bob' });
      });
      await cli.run(deploy);
      expect((await back)?.code).toBe(0);
      expect(serves(cli)).toEqual({ functionVersion: '7', weights: {} });
    },
  );

  it('and so does a rollout that fails its verdict', async () => {
    const cli = await serving();
    cli.model.behaviour['v2.3.0'] = bad;
    cli.when(baking(10), () => withoutLatest(cli));
    expect((await cli.run(deploy)).code).toBe(3);
    expect(serves(cli)).toEqual({ functionVersion: '7', weights: {} });
  });

  it('and to the newest of several: the one that served last', async () => {
    const cli = await promoted();
    const first = serves(cli).functionVersion;
    await cli.run('rollback');
    withoutLatest(cli);
    expect((await cli.run('rollback --to v2.3.0 --yes')).code).toBe(0);
    expect(serves(cli).functionVersion).toBe(first);
  });

  it('repairs the champion where another Lambda version serves', async () => {
    const cli = await promoted();
    const good = serves(cli);
    cli.model.meddle({ functionVersion: '7', weights: {} });
    withoutLatest(cli);
    const ran = await cli.run('rollback --to v2.3.0');
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('v2.3.0 serves 100 %')]);
    expect(serves(cli)).toEqual(good);
    expect(await cli.ask('rollback --to v2.3.0')).toMatchObject({ result: 'already-serving' });
  });

  it('records how each version served, and how it was left', async () => {
    const cli = await promoted();
    await cli.run('rollback --reason complaints');
    const { services: of22 } = await recordOf(cli, 'v2.2.0');
    const { services: of23 } = await recordOf(cli, 'v2.3.0');
    expect(of22).toMatchObject([
      { functionVersion: '7', endpoint: endpoint22, left: { why: 'replaced', reason: 'followed by v2.3.0' } },
      { functionVersion: '7', endpoint: endpoint22, rollout: 'r-2' },
    ]);
    expect(of22?.at(-1)?.left).toBeUndefined();
    expect(of23).toMatchObject([
      {
        routing: 'sticky',
        codeSha256: 'code',
        rollout: 'r-1',
        left: { why: 'rollback', reason: 'rolled back to v2.2.0', rollout: 'r-2' },
      },
    ]);
  });
});

describe('where what served before is gone', () => {
  const gone: readonly (readonly [
    what: string,
    lose: (cli: CliWorld) => void,
    why: string,
    publishes: boolean,
  ])[] = [
    [
      'its endpoint was deleted by hand',
      (cli) => void cli.model.endpoints.delete(endpoint22),
      `its endpoint ${endpoint22} is gone`,
      false,
    ],
    [
      'its Lambda version was deleted',
      (cli) =>
        change(cli, {
          codeSha256: (version) => (version === '7' ? refuse('missing')() : Promise.resolve('code')),
        }),
      'Lambda version 7, which served it, was deleted',
      true,
    ],
  ];

  it.each(gone)(
    '%s: it is built, smoke-tested and warm before users move',
    async (_what, lose, why, publishes) => {
      const cli = await promoted();
      lose(cli);
      const before = cli.model.calls.length;
      const ran = await cli.run('rollback');
      expect([ran.code, steps(ran)]).toEqual([
        0,
        ['provision', 'smoke', 'warm-up', 'promote', 'commit', 'route', 'notify'],
      ]);
      expect(ran.stderr).toContain(
        `v2.2.0 has to be built first: ${why}. It is smoke-tested and warm before users move. This takes minutes on AWS, at most 1m`,
      );
      expect(cli.model.calls.slice(before).includes('publish')).toBe(publishes);
      expect(serves(cli).functionVersion === '7').toBe(!publishes);
      expect(cli.model.endpoints.get(endpoint22)).toBe('in-service');
    },
  );

  it.each<[string, (cli: CliWorld) => void, string]>([
    [
      'was overwritten since',
      (cli) => void cli.artifacts.set('s3://models/v2.2.0.tar.gz', 'ff'.repeat(32)),
      'the artifact of v2.2.0 is not the one that was registered; nothing was built',
    ],
    [
      'can not be read',
      (cli) => void cli.artifacts.delete('s3://models/v2.2.0.tar.gz'),
      "the artifact of v2.2.0 can't be compared with the one that was registered; nothing was built",
    ],
  ])('an endpoint is not built anew of an artifact that %s', async (_what, spoil, what) => {
    const cli = await promoted();
    await cli.register('v2.4.0');
    expect((await cli.run('deploy --model-version v2.4.0')).code).toBe(0);
    const present = serves(cli);
    cli.model.endpoints.delete(endpoint22);
    spoil(cli);
    const ran = await cli.run('rollback --to v2.2.0');
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining(what)]);
    expect(ran.stderr).toContain('mlreg rollback --to v2.3.0 --environment dev');
    expect(serves(cli)).toEqual(present);
    expect(cli.model.endpoints.has(endpoint22)).toBe(false);
    // Nothing is built where the endpoint still is: whatever became of the artifact since.
    cli.model.endpoints.set(endpoint22, 'in-service');
    expect((await cli.run('rollback --to v2.2.0')).code).toBe(0);
  });

  it('what was overwritten after the plan was made is not built either: nobody is moved', async () => {
    const cli = await promoted();
    const present = serves(cli);
    cli.model.endpoints.delete(endpoint22);
    cli.when(
      ({ kind }) => kind === 'started',
      () => cli.artifacts.set('s3://models/v2.2.0.tar.gz', 'ff'.repeat(32)),
    );
    const ran = await cli.run('rollback');
    expect([ran.code, `${ran.stdout}${ran.stderr}`]).toEqual([
      expect.toBeOneOf([3, 7]),
      expect.stringContaining('No endpoint was made of it'),
    ]);
    expect(serves(cli)).toEqual(present);
    expect(cli.model.endpoints.has(endpoint22)).toBe(false);
  });

  it.each(gone)('%s, and what was built fails its smoke test: nobody is moved', async (_what, lose) => {
    const cli = await promoted();
    const present = serves(cli);
    lose(cli);
    let through: string | undefined;
    change(cli, {
      smoke: async (_endpoint, functionVersion) => {
        through = functionVersion;
        return { passed: false, requests: 1, why: 'status 503' };
      },
    });
    const ran = await cli.run('rollback');
    expect([ran.code, ran.stdout]).toEqual([3, expect.stringContaining('smoke request failed: status 503')]);
    expect(through).toMatch(/^\d+$/);
    expect(serves(cli)).toEqual(present);
    expect(await recordOf(cli, 'v2.3.0')).toMatchObject({ status: 'champion' });
  });

  it.each(['throttled', 'unknown', 'credentials'] as const)(
    'and AWS does not say so (%s): the recorded version is used',
    async (kind) => {
      const cli = await promoted();
      change(cli, { endpoint: refuse(kind), codeSha256: refuse(kind) });
      expect((await cli.run('rollback')).code).toBe(0);
      expect(serves(cli)).toEqual({ functionVersion: '7', weights: {} });
    },
  );

  it('says where it is published from other code than served it', async () => {
    const cli = await promoted();
    await cli.run('rollback');
    const { services } = await recordOf(cli, 'v2.3.0');
    const version = services?.at(-1)?.functionVersion;
    change(cli, {
      codeSha256: (asked) => (asked === version ? refuse('missing')() : Promise.resolve('newer')),
    });
    const ran = await cli.run('rollback --to v2.3.0 --yes');
    expect([ran.code, ran.stderr]).toEqual([
      0,
      expect.stringContaining('The code in $LATEST is not the code that served it before'),
    ]);
  });
});

describe('a version that users were taken away from', () => {
  const sentence = /v2\.3\.0 was left 2025-\S+Z because of a rollback: rolled back to v2\.2\.0/;

  it('is never the default', async () => {
    const cli = await fled();
    const ran = await cli.run('rollback');
    expect([ran.code, ran.stderr]).toEqual([
      5,
      expect.stringContaining('dev has no earlier version known good'),
    ]);
    expect(ran.stderr).toMatch(sentence);
  });

  it('needs a confirmation, which nobody gives unattended: exit 2, with when and why', async () => {
    const cli = await fled();
    const before = serves(cli);
    const ran = await cli.run('rollback --to v2.3.0');
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringMatching(sentence)]);
    expect(ran.stderr).toContain('mlreg rollback --to v2.3.0 --environment dev --yes');
    expect(serves(cli)).toEqual(before);
  });

  it.each([
    ['n', 2],
    ['', 2],
    ['y', 0],
    ['yes', 0],
  ])('is asked for at a terminal: "%s" is exit code %i', async (answer, code) => {
    const cli = await fled();
    const ran = await cli.run('rollback --to v2.3.0', { terminal: true, answers: [answer] });
    expect(ran.code).toBe(code);
    expect(cli.questions).toEqual([expect.stringMatching(sentence)]);
  });

  it('passes its smoke test before users move', async () => {
    const cli = await fled();
    const ran = await cli.run('rollback --to v2.3.0 --yes');
    expect([ran.code, steps(ran)]).toEqual([0, ['smoke', 'warm-up', 'promote', 'commit', 'route', 'notify']]);
  });

  it('and stays away where it fails that', async () => {
    const cli = await fled();
    const asked: (string | undefined)[] = [];
    change(cli, {
      smoke: async (_endpoint, through) => {
        asked.push(through);
        return { passed: false, requests: 1, why: 'status 503' };
      },
    });
    expect((await cli.run('rollback --to v2.3.0 --yes')).code).toBe(3);
    const { services } = await recordOf(cli, 'v2.3.0');
    expect(asked).toEqual([services?.[0]?.functionVersion]);
    expect(serves(cli)).toEqual({ functionVersion: '7', weights: {} });
  });

  it('is refused before a rollout that runs is touched', async () => {
    const cli = await fled();
    await cli.register('v2.4.0');
    let ran: Promise<Ran> | undefined;
    cli.when(baking(10), () => {
      ran = cli.run('rollback --to v2.3.0', { as: 'bob' });
    });
    expect((await cli.run('deploy --model-version v2.4.0')).code).toBe(0);
    expect((await ran)?.code).toBe(2);
  });

  it('is known good again once it has served everybody anew', async () => {
    const cli = await fled();
    await cli.run('rollback --to v2.3.0 --yes');
    await cli.register('v2.4.0');
    expect((await cli.run('deploy --model-version v2.4.0')).code).toBe(0);
    const ran = await cli.run('rollback');
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('v2.3.0 serves 100 %')]);
  });
});

describe('a rollback without --to, where the alias does not serve the champion alone', () => {
  const champion = async (cli: CliWorld): Promise<string> => (await cli.ask('status')).champion;

  it.each(['rollback', 'rollback --to previous'])(
    '%s brings everybody to the champion, and says so: not to the version before it',
    async (words) => {
      for (const [target, text] of [
        [{ functionVersion: '99', weights: {} }, 'Lambda version 99'],
        [{ functionVersion: '7', weights: { 99: 0.3 } }, 'Lambda version 7 + 30 % to 99'],
      ] as const) {
        const cli = await promoted();
        const good = serves(cli);
        cli.model.meddle(target);
        withoutLatest(cli);
        const ran = await cli.run(words);
        expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('v2.3.0 serves 100 %')]);
        expect(ran.stderr).toContain(
          `alias live serves ${text}, so not everybody is with v2.3.0, the champion: they are brought to it, and not to a version before it`,
        );
        expect(ran.stderr).toContain(`everybody returns to Lambda version ${good.functionVersion}`);
        expect([serves(cli), await champion(cli)]).toEqual([good, 'v2.3.0']);
        expect((await recordOf(cli, 'v2.2.0')).status).toBe('archived');
        expect((await recordOf(cli, 'v2.3.0')).services?.at(-1)?.left).toBeUndefined();
      }
    },
  );

  // In an emergency somebody moved the alias: to send users back to what they were taken from would be the worst answer.
  it('but leaves them where somebody has brought all of them to the version before it', async () => {
    const cli = await promoted();
    cli.model.meddle({ functionVersion: '7', weights: {} });
    const ran = await cli.run('rollback');
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('v2.2.0 serves 100 %')]);
    expect([serves(cli), await champion(cli)]).toEqual([{ functionVersion: '7', weights: {} }, 'v2.2.0']);
    expect((await recordOf(cli, 'v2.3.0')).status).toBe('rolled_back');
  });

  it('also where no version before the champion is known good', async () => {
    const cli = await serving();
    cli.model.meddle({ functionVersion: '7', weights: { 99: 0.5 } });
    expect((await cli.run('rollback')).code).toBe(0);
    expect([serves(cli), await champion(cli)]).toEqual([{ functionVersion: '7', weights: {} }, 'v2.2.0']);
    cli.clock.advance(700_000);
    expect((await cli.run('rollback')).code).toBe(5);
  });

  it('also where the stage names the other alias', async () => {
    for (const words of ['rollback', 'rollback --to v2.3.0']) {
      const cli = await promoted();
      const good = serves(cli);
      cli.model.makeAlias('green', { functionVersion: '99', weights: {} });
      cli.model.swap('green');
      const ran = await cli.run(words);
      expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('v2.3.0 serves 100 %')]);
      expect(await champion(cli)).toBe('v2.3.0');
      expect([
        serves(cli),
        cli.model.alias(cli.model.stage().alias === 'green' ? 'green' : 'live').target,
      ]).toEqual([good, good]);
      if (words === 'rollback') expect(ran.stderr).toContain('alias green serves Lambda version 99, so not');
    }
  });

  it.each(['denied', 'throttled'] as const)(
    'and a stage that can not be read (%s) names the alias',
    async (kind) => {
      const cli = await promoted();
      change(cli, { readStage: kind === 'denied' ? denied : refuse(kind) });
      const ran = await cli.run('rollback');
      expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('v2.2.0 serves 100 %')]);
    },
  );
});

describe('a second rollback within ten minutes', () => {
  it('changes nothing where nobody can be asked, exits 0 and names the first', async () => {
    const cli = await promoted();
    await cli.run('rollback', { as: 'bob' });
    cli.clock.advance(590_000);
    const before = cli.model.calls.filter((name) => name === 'writeAlias').length;
    const ran = await cli.run('rollback');
    expect([ran.code, ran.stdout]).toEqual([
      0,
      expect.stringMatching(
        /^nothing was changed: everybody was moved back to v2\.2\.0, \S+ ago by bob \(r-2\)\n/,
      ),
    ]);
    expect(await cli.ask('rollback --yes')).toMatchObject({
      kind: 'Rollback',
      result: 'repeated',
      rollout: 'r-2',
    });
    expect(cli.model.calls.filter((name) => name === 'writeAlias').length).toBe(before);
  });

  it.each(['abort', 'rollback'])('so does one after %s of a rollout that ran', async (words) => {
    const cli = await promoted();
    await cli.register('v2.4.0');
    let first: Promise<Ran> | undefined;
    cli.when(baking(10), () => {
      first = cli.run(words, { as: 'bob' });
    });
    await cli.run('deploy --model-version v2.4.0');
    expect((await first)?.code).toBe(0);
    const present = serves(cli);
    const ran = await cli.run('rollback');
    expect([ran.code, ran.stdout]).toEqual([
      0,
      expect.stringMatching(/v2\.4\.0 was rolled back, and v2\.3\.0 serves since, \S+ ago by bob \(r-2\)/),
    ]);
    expect(serves(cli)).toEqual(present);
  });

  it('asks at a terminal', async () => {
    const cli = await promoted();
    await cli.run('rollback');
    const typed = { terminal: true, answers: ['n'] };
    const ran = await cli.run('rollback', typed);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('nothing was changed')]);
    expect(cli.questions).toEqual([expect.stringContaining('Move everybody one version further back?')]);
    // Who agrees gets what a rollback would do: here no version is left.
    expect((await cli.run('rollback', { terminal: true, answers: ['y'] })).code).toBe(5);
  });

  it('is no repeat where somebody has moved users since: they are brought to the champion', async () => {
    for (const typed of [{}, { terminal: true }]) {
      const cli = await promoted();
      const { functionVersion } = serves(cli);
      await cli.run('rollback');
      cli.model.meddle({ functionVersion, weights: {} });
      const ran = await cli.run('rollback', typed);
      expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('v2.2.0 serves 100 %')]);
      expect(serves(cli)).toEqual({ functionVersion: '7', weights: {} });
      expect(cli.questions).toEqual([]);
      expect((await cli.run('rollback')).stdout).toContain('nothing was changed: everybody was moved back');
    }
  });

  it('proceeds with --to', async () => {
    const cli = await promoted();
    await cli.run('rollback');
    expect(await cli.ask('rollback --to v2.2.0')).toMatchObject({ result: 'already-serving' });
    expect((await cli.run('rollback --to previous')).code).toBe(5);
    expect((await cli.run('rollback --to v2.3.0 --yes')).code).toBe(0);
  });

  it('proceeds where the rollout before it had moved nobody', async () => {
    const cli = await promoted();
    await cli.register('v2.4.0');
    change(cli, { smoke: async () => ({ passed: false, requests: 1, why: 'status 500' }) });
    expect((await cli.run('deploy --model-version v2.4.0')).code).toBe(3);
    const ran = await cli.run('rollback');
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('v2.2.0 serves 100 %')]);
  });
});

describe('an unknown version', () => {
  it('lists what is known good, the newest first, the champion among them', async () => {
    const cli = await promoted();
    await cli.register('v2.4.0');
    expect((await cli.run('deploy --model-version v2.4.0')).code).toBe(0);
    await cli.register('v2.5.0');
    const known = 'known good are, newest first: v2.4.0 (champion), v2.3.0, v2.2.0';
    for (const [version, code] of [
      ['v9', 2],
      ['v2.5.0', 5],
    ] as const) {
      const ran = await cli.run(`rollback --to ${version}`);
      expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(known)]);
    }
  });
});

describe('a registry from before services were recorded', () => {
  const at = instant(1_700_000_000_000);
  const old = (status: VersionRecord['status'], statusReason: string): Partial<VersionRecord> => ({
    status,
    statusAt: at,
    statusReason,
    functionVersion: '3',
    endpoint: { name: 'recommendation-dev-v2-1-0-76322e31', generation: 1 },
    rollout: rolloutId('r-old'),
  });

  it('knows the Lambda version: a rollback returns to it', async () => {
    const cli = await serving();
    cli.model.publishAs('3', {});
    await cli.register('v2.1.0', old('archived', 'followed by v2.2.0'));
    withoutLatest(cli);
    expect((await cli.run('rollback')).code).toBe(0);
    expect(serves(cli)).toEqual({ functionVersion: '3', weights: {} });
    expect((await recordOf(cli, 'v2.1.0')).services).toMatchObject([
      { functionVersion: '3', since: at, left: { why: 'replaced' } },
      { functionVersion: '3' },
    ]);
  });

  it.each([
    ['rolled back to v2.0.0', 'a rollback'],
    ['aborted by ana', 'an abort'],
    ['challenger 30 % errors, limit 5 %', 'a verdict'],
  ])('and what was rolled back (%s) is not known good', async (reason, because) => {
    const cli = await serving();
    await cli.register('v2.1.0', old('rolled_back', reason));
    const ran = await cli.run('rollback --to v2.1.0');
    expect([ran.code, ran.stderr]).toEqual([
      2,
      expect.stringContaining(`v2.1.0 was left 2023-11-14T22:13:20Z because of ${because}: ${reason}`),
    ]);
    expect((await cli.run('rollback')).code).toBe(5);
  });
});

describe('where the endpoint of what serves is gone', () => {
  const endpoint23 = 'recommendation-dev-v2-3-0-76322e33';
  const ways = [
    ['was deleted by hand', (cli: CliWorld) => void cli.model.endpoints.delete(endpoint23), 'v2.3.0'],
    ['failed', (cli: CliWorld) => void cli.model.endpoints.set(endpoint23, 'failed'), 'v2.3.0#2'],
  ] as const;

  it.each(ways)('%s: doctor and deploy name the rollback that builds it', async (_what, lose) => {
    const cli = await promoted();
    lose(cli);
    const mend = 'mlreg rollback --to v2.3.0 --environment dev';
    expect((await cli.run('doctor')).stdout).toContain(mend);
    // Of a failed endpoint a deploy makes the next generation itself.
    cli.model.endpoints.delete(endpoint23);
    const ran = await cli.run(deploy);
    expect([ran.code, ran.stdout]).toEqual([5, '']);
    expect(ran.stderr).toContain(`v2.3.0 serves dev, but its endpoint ${endpoint23} is gone`);
    expect(ran.stderr).toContain(mend);
  });

  it.each(ways)('%s: a rollback to it builds it, and users are with it', async (_what, lose, becomes) => {
    const cli = await promoted();
    lose(cli);
    const ran = await cli.run('rollback --to v2.3.0');
    expect([ran.code, steps(ran).slice(0, 2)]).toEqual([0, ['provision', 'smoke']]);
    expect(ran.stderr).toContain('v2.3.0 has to be built first: its endpoint');
    const record = await recordOf(cli, becomes);
    expect(record).toMatchObject({ status: 'champion', functionVersion: serves(cli).functionVersion });
    expect(cli.model.endpoints.get(record.endpoint?.name ?? '')).toBe('in-service');
    expect((await cli.run('rollback --to v2.3.0')).stdout).toContain('serves 100 % of dev already');
  });

  it('and can not be built: the champion stays what it was, and the rollback fails', async () => {
    const cli = await promoted();
    const present = serves(cli);
    cli.model.endpoints.delete(endpoint23);
    change(cli, { smoke: () => Promise.resolve({ passed: false, requests: 1, why: 'status 503' }) });
    const ran = await cli.run('rollback --to v2.3.0');
    expect([ran.code, ran.stdout]).toEqual([3, expect.stringContaining('smoke request failed: status 503')]);
    expect(serves(cli)).toEqual(present);
    expect(await recordOf(cli, 'v2.3.0')).toMatchObject({ status: 'champion' });
  });

  it('a rollback right after one builds it too', async () => {
    const cli = await promoted();
    await cli.run('rollback');
    cli.model.endpoints.delete(endpoint22);
    const ran = await cli.run('rollback');
    expect([ran.code, ran.stdout]).toEqual([0, expect.not.stringContaining('nothing was changed')]);
    expect(cli.model.endpoints.get(endpoint22)).toBe('in-service');
  });

  it('and no version is known good before it: a rollback builds it', async () => {
    const cli = await serving();
    cli.model.endpoints.delete(endpoint22);
    const ran = await cli.run('rollback');
    expect([ran.code, steps(ran).slice(0, 2)]).toEqual([0, ['provision', 'smoke']]);
    expect(cli.model.endpoints.get(endpoint22)).toBe('in-service');
  });

  it.each(['rollback', 'rollback --to v2.2.0'])(
    'during a trial, %s brings users home and builds it',
    async (words) => {
      const cli = await serving();
      let asked: Promise<Ran> | undefined;
      cli.when(baking(10), () => {
        cli.model.endpoints.delete(endpoint22);
        asked = cli.run(words, { as: 'bob' });
      });
      await cli.run(deploy);
      expect((await asked)?.code).toBe(0);
      expect(serves(cli)).toEqual({ functionVersion: '7', weights: {} });
      expect(cli.model.endpoints.get(endpoint22)).toBe('in-service');
    },
  );

  it('and AWS does not say so: what serves is left as it is', async () => {
    const cli = await promoted();
    change(cli, { endpoint: refuse('unknown') });
    const ran = await cli.run('rollback --to v2.3.0');
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('serves 100 % of dev already')]);
  });
});
