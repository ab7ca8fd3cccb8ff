import { describe, expect, it } from 'vitest';
import { rolloutId } from '../../src/domain/units.ts';
import { baking, type CliWorld, cliWorld, type Ran, serving } from '../support/cli-world.ts';
import { promoted, under } from '../support/recovered.ts';

const deploy = 'deploy --model-version v2.3.0';

/** What these words say while v2.3.0 has 50 % of users, and how the deploy ended. */
async function whileBaking(
  cli: CliWorld,
  words: string,
): Promise<{ readonly said: Ran; readonly ended: Ran }> {
  let asked: Promise<Ran> | undefined;
  cli.when(baking(50), () => {
    asked = cli.run(words, { as: 'bob' });
  });
  const ended = await cli.run(deploy);
  if (asked === undefined) throw new Error('never at 50 %');
  return { said: await asked, ended };
}

describe('while a rollout moves the alias', () => {
  const weighted = `
model: recommendation
defaultEnvironment: dev
strategies: { canary: { steps: [10, 50], bake: 10s, tick: 1s, extend: 10s } }
routing: weighted
judge: { warmUp: 0s, minimumBake: 5s, history: 1m }
settle: 1s
sagemaker:
  role: arn:aws:iam::123456789012:role/recommendation-model
  image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/recommendation:1
environments: { dev: { approvals: 0 } }
`;

  it.each([
    ['plan --model-version v2.4.0', undefined],
    ['deploy --model-version v2.4.0 --dry-run', undefined],
    ['plan --model-version v2.4.0', weighted],
  ])('%s names the rollout and what to type, and nothing that would end it', async (words, config) => {
    const cli = await serving(config);
    await cli.register('v2.4.0');
    const { said, ended } = await whileBaking(cli, words);
    expect(said).toEqual({ code: 5, stdout: '', stderr: said.stderr });
    expect(said.stderr).toContain('rollout r-1 is under way in dev: canary v2.2.0 -> v2.3.0 at 50 %');
    expect(said.stderr).toContain('mlreg status --environment dev');
    expect(said.stderr).not.toMatch(/by hand|mlreg (rollback|abort)/);
    expect(ended.code).toBe(0);
  });

  it('doctor finds nothing wrong with the alias', async () => {
    const cli = await serving();
    const { said, ended } = await whileBaking(cli, 'doctor');
    expect([said.code, said.stdout]).toEqual([
      0,
      expect.stringMatching(/✔ alias {6}live -> Lambda version \d+: rollout r-1 moves it/),
    ]);
    expect(said.stdout).toContain('a rollback to v2.2.0 would reach it');
    expect(said.stdout).not.toContain('rollback --to');
    expect(ended.code).toBe(0);
  });

  it('doctor finds nothing wrong with a stage that a blue-green rollout has swapped', async () => {
    const cli = await serving();
    let asked: Promise<Ran> | undefined;
    cli.when(
      ({ kind }) => kind === 'observed' && cli.model.stage().alias === 'green',
      () => {
        asked = cli.run('doctor');
      },
    );
    expect((await cli.run(`${deploy} --strategy blue-green`)).code).toBe(0);
    const said = await asked;
    expect([said?.code, said?.stdout]).toEqual([
      0,
      expect.stringContaining('names green: rollout r-1 swaps'),
    ]);
    expect((await cli.run('doctor')).stdout).toContain('names live; a swap to green would be answered');
  });

  it('doctor tells a hand on the alias from the rollout, and names both ways out', async () => {
    const cli = await serving();
    let asked: Promise<Ran> | undefined;
    cli.model.publishAs('5', {});
    cli.when(baking(50), () => {
      const { stamp } = cli.model.alias();
      cli.model.makeAlias('live', { functionVersion: '5', weights: {} }, stamp);
      asked = cli.run('doctor');
    });
    await cli.run(deploy);
    const said = await asked;
    expect(said?.stdout).toMatch(
      /✖ alias {6}alias live serves Lambda version 5, .*\n +try: mlreg rollback --environment dev, or .*: mlreg resume --adopt --environment dev/,
    );
  });
});

it('a hand on the alias after the rollout is still told as one', async () => {
  const cli = await promoted();
  await cli.register('v2.4.0');
  cli.model.publishAs('5', {});
  cli.model.makeAlias('live', { functionVersion: '5', weights: {} }, cli.model.alias().stamp);
  const plan = await cli.run('plan --model-version v2.4.0');
  expect([plan.code, plan.stderr]).toEqual([5, expect.stringContaining('moved the alias by hand')]);
  expect((await cli.run('doctor')).stdout).toContain('mlreg rollback --to v2.3.0 --environment dev');
});

describe('an empty store under an alias that mlreg wrote', () => {
  const lost = async (): Promise<CliWorld> => under(cliWorld(), await promoted());

  it.each([
    ['status', 'none yet'],
    ['history', 'no rollout yet'],
    ['versions', 'mlreg register'],
  ])('%s says that something serves of which the store knows nothing', async (words, untrue) => {
    const cli = await lost();
    const ran = await cli.run(words);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('which this store does not know');
    expect(ran.stdout).toContain('mlreg recover --environment dev');
    expect(ran.stdout).not.toContain(untrue);
    expect(ran.stdout).not.toContain('mlreg deploy');
    expect(await cli.ask(words)).toMatchObject({
      marker: { isBehind: true, mend: expect.stringContaining('mlreg recover') },
    });
  });

  it('rollback moves the alias and sends to recover, for resume would be refused', async () => {
    const cli = await lost();
    const ran = await cli.run('rollback');
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('mlreg recover --environment dev')]);
    expect(ran.stdout).not.toContain('mlreg resume');
    expect((await cli.run('resume')).code).toBe(5);
    expect((await cli.run('recover --yes')).code).toBe(0);
  });

  it('doctor does not call the next deploy the first one', async () => {
    const ran = await (await lost()).run('doctor');
    expect([ran.code, ran.stdout]).toEqual([1, expect.stringContaining('mlreg recover --environment dev')]);
    expect(ran.stdout).not.toContain('no champion yet');
  });

  it('a store that is empty because nothing was ever rolled out says so', async () => {
    const cli = cliWorld();
    expect((await cli.run('history')).stdout).toBe('no rollout yet in dev\n');
    expect((await cli.run('versions')).stdout).toContain(
      'no version is registered in dev; next: mlreg register',
    );
  });
});

describe('where a rollback would lead', () => {
  it('doctor names the version before the champion', async () => {
    const cli = await promoted();
    expect((await cli.run('doctor')).stdout).toMatch(/✔ way back .*; mlreg rollback goes to v2\.2\.0\n/);
  });

  it('doctor and rollback agree that no earlier version is known good', async () => {
    const cli = await serving();
    const { stdout } = await cli.run('doctor');
    expect(stdout).toMatch(/✔ way back .*no earlier version is known good/);
    expect(stdout).not.toContain('a rollback to v2.2.0');
    const ran = await cli.run('rollback');
    expect([ran.code, ran.stderr]).toEqual([5, expect.stringContaining('no earlier version known good')]);
    expect(ran.stderr).toContain('mlreg deploy --model-version v2.3.0 --environment dev');
    expect(ran.stderr).not.toContain('--to');
    expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(0);
  });

  it('rollback names what users were taken away from, which a confirmation leads back to', async () => {
    const cli = await promoted();
    await cli.run('rollback');
    cli.clock.advance(700_000);
    const ran = await cli.run('rollback');
    expect(ran.code).toBe(5);
    expect(ran.stderr).toContain('mlreg rollback --to v2.3.0 --environment dev');
    expect((await cli.run('rollback --to v2.3.0 --environment dev --yes')).code).toBe(0);
  });

  it('says what is not known after a recovery, and why', async () => {
    const aws = await promoted();
    await aws.register('v2.4.0');
    expect((await aws.run('deploy --model-version v2.4.0')).code).toBe(0);
    const cli = under(cliWorld(), aws);
    expect((await cli.run('recover --yes')).code).toBe(0);
    const ran = await cli.run('rollback --to v2.2.0');
    expect([ran.code, ran.stderr]).toEqual([
      2,
      expect.stringContaining('whether v2.2.0 ever served everybody was lost with the store'),
    ]);
    expect(ran.stderr).toContain('mlreg recover rebuilt the registry from what AWS has');
    expect(ran.stderr).toContain('mlreg rollback --to v2.2.0 --environment dev --yes');
  });
});

describe('a first deploy that fails', () => {
  it.each(['', ' -o ndjson'])('does not say that something serves%s', async (form) => {
    const cli = cliWorld();
    await cli.register('v2.3.0');
    cli.model.ports.platform.smoke = async () => ({ passed: false, requests: 1, why: 'status 500' });
    const ran = await cli.run(`${deploy}${form}`);
    expect(ran.code).toBe(3);
    expect(ran.stdout + ran.stderr).not.toMatch(/what served before/i);
    expect(ran.stdout + ran.stderr).toContain('no registered version serves');
    for (const words of ['history', `show ${rolloutId('r-1')}`, 'report r-1'])
      expect((await cli.run(words)).stdout).not.toMatch(/what served before/i);
  });
});
