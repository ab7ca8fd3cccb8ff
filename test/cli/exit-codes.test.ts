import { describe, expect, it } from 'vitest';
import { exitCode } from '../../src/commands/exit-codes.ts';
import { bad, baking, began, type CliWorld, type Ran, serving } from '../support/cli-world.ts';

const deploy = 'deploy --model-version v2.3.0';
const reached = new Set<number>();

/** `mlreg` in a world made so; every code that is seen counts as reached. */
async function seen(words: string, prepare: (cli: CliWorld) => unknown = () => undefined): Promise<Ran> {
  const cli = await serving();
  await prepare(cli);
  const ran = await cli.run(words);
  reached.add(ran.code);
  return ran;
}

describe('each exit code is reached', () => {
  it('0 done', async () => {
    expect((await seen(deploy)).code).toBe(0);
  });

  it('1 a mistake of ours: said so, with the next command, and where it happened only when asked', async () => {
    const broken = (cli: CliWorld) => {
      cli.model.fault = (_at, name) => (name === 'store.versions' ? 'error-before' : null);
    };
    const { code, stderr } = await seen('versions', broken);
    expect([code, stderr]).toEqual([1, expect.stringContaining('store.versions: no answer')]);
    expect(stderr).toContain('mlreg status');
    expect(stderr).not.toMatch(/^\s*at /m);
    const cli = await serving();
    broken(cli);
    expect((await cli.run('versions', { env: { MLREG_DEBUG: '1' } })).stderr).toMatch(/^\s*at /m);
  });

  it('2 words, configuration, or nobody to confirm', async () => {
    expect((await seen('deploy')).code).toBe(2);
    expect((await seen(`${deploy} -e prod`)).code).toBe(2);
  });

  it('3 rolled back', async () => {
    const ran = await seen(deploy, (cli) => {
      cli.model.behaviour['v2.3.0'] = bad;
    });
    expect(ran.code).toBe(3);
  });

  it.each([
    ['deploy', deploy, 'readAlias'],
    ['rollback', 'rollback --to v2.2.0', 'readAlias'],
    ['a fresh watch', 'watch --duration 5', 'readAlias'],
  ])('4 denied: %s', async (_name, words, call) => {
    const { code, stderr } = await seen(words, (cli) => {
      cli.model.fault = (_at, name) => (name === call ? 'denied' : null);
    });
    expect([code, stderr]).toEqual([4, expect.stringContaining(`${call} is denied`)]);
  });

  it('5 somebody else is at it', async () => {
    const cli = await serving();
    await cli.register('v2.4.0');
    let second: Promise<Ran> | undefined;
    cli.when(began, () => {
      second = cli.run('deploy --model-version v2.4.0', { as: 'bob' });
    });
    const first = await cli.run(deploy);
    expect([first.code, (await second)?.code]).toEqual([0, 5]);
    expect(await second).toMatchSnapshot();
    reached.add(5);
  });

  it.each(['abort', 'pause', 'promote', 'approve', 'resume', 'traffic --percent 5'])(
    '5 nothing to steer: %s',
    async (words) => {
      const { code, stderr } = await seen(words);
      expect([code, stderr]).toEqual([5, expect.stringContaining('no rollout is under way in dev')]);
    },
  );

  it('6 not finished', async () => {
    expect((await seen(`${deploy} --timeout 5s`)).code).toBe(6);
  });

  it('7 stuck: says what is true now, and what to choose from', async () => {
    const ran = await seen(deploy, (cli) => {
      // In the console, while the challenger gets 10 %.
      cli.when(baking(10), () => cli.model.meddle({ functionVersion: '7', weights: { 3: 0.5 } }));
    });
    expect(ran.code).toBe(7);
    expect(ran.stdout).toMatchSnapshot();
  });

  it('9 aborted by a person', async () => {
    const ran = await seen(deploy, (cli) => {
      cli.when(baking(10), () => void cli.run('abort --reason "looks odd"', { as: 'bob' }));
    });
    expect(ran.code).toBe(9);
    expect(ran.stdout).toMatchSnapshot();
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s: %i', async (signal, code) => {
    const ran = await seen(deploy, (cli) => {
      cli.when(baking(10), () => cli.signal(signal));
    });
    expect(ran.code).toBe(code);
  });

  it('and there are no others', () => {
    expect([...reached].sort((a, b) => a - b)).toEqual(Object.values(exitCode).sort((a, b) => a - b));
  });
});

describe('an error, for machines', () => {
  it.each([
    ['versions', 1, 'store.versions: no answer'],
    ['deploy', 2, 'which version?'],
    ['abort', 5, 'no rollout is under way in dev'],
  ])('%s', async (words, code, error) => {
    const cli = await serving();
    cli.model.fault = (_at, name) => (name === 'store.versions' ? 'error-before' : null);
    const ran = await cli.run(`${words} -o json`);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toBe('');
    const body = JSON.parse(ran.stdout);
    expect(body).toMatchObject({ apiVersion: 'mlreg/v1', kind: 'Error', error, exitCode: code });
    expect(body.mend.every((line: unknown) => typeof line === 'string')).toBe(true);
  });
});
