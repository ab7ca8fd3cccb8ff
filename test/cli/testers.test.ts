import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { testerDigest } from '../../src/domain/testers.ts';
import { projectConfig, serving } from '../support/cli-world.ts';

const token = 'f1fGojGFaY-yelA8f1fGoj';
const sha256 = createHash('sha256').update(token).digest('hex');
const config = `${projectConfig}testers: { users: ['qa-1', 'qa-2'], tokenSha256: ${sha256} }\n`;
const skills = ['buckets-1', 'answers-1', 'testers-1'];

async function world(text = config, understands: readonly string[] = skills) {
  const cli = await serving(text);
  cli.understands = understands;
  return cli;
}

describe('testers', () => {
  it('are told in the plan by their number, and by no name', async () => {
    const cli = await world();
    const { code, stdout } = await cli.run('plan --model-version v2.3.0 --steps 0,10,50');
    expect(code).toBe(0);
    expect(stdout).toContain(
      'tests  2 users and whoever sends the token in x-mlreg-tester get v2.3.0 from the first step on, whatever its share; not judged',
    );
    expect(stdout).toContain('bake with testers alone for 10s');
    const said = [];
    for (const words of [
      'plan --model-version v2.3.0 -o json',
      'deploy --model-version v2.3.0',
      'status -o json',
      'history -o json',
      'doctor',
      'config show',
      'config show --origin -o json',
    ]) {
      const { stdout: out, stderr } = await cli.run(words);
      said.push(out, stderr);
    }
    const everywhere = [
      ...said,
      JSON.stringify(cli.model.entries),
      ...cli.model.functionVersions().map((version) => JSON.stringify(cli.model.variablesOf(version))),
    ].join('\n');
    for (const secret of ['qa-1', 'qa-2', token]) expect(everywhere).not.toContain(secret);
    expect(everywhere).toContain(testerDigest('qa-1'));
  });

  it('may have a step of their own before the configured ones', async () => {
    const cli = await world();
    const { plan } = await cli.ask('plan --model-version v2.3.0 --steps 0');
    const shares = plan.steps.flatMap((step: { kind: string; percent?: number }) =>
      step.kind === 'bake' ? [step.percent] : [],
    );
    expect(shares).toEqual([0, 10, 50]);
    // A step for testers alone is no look of the judge.
    expect(plan.policy.steps.map(({ percent }: { percent: number }) => percent)).toEqual([10, 50]);
  });

  it('alone have the first step, which is judged by nobody, and the rest goes as ever', async () => {
    const cli = await world();
    const { code } = await cli.run('deploy --model-version v2.3.0 --steps 0,10,50');
    expect(code).toBe(0);
    const routes = cli.model
      .functionVersions()
      .map((version) => JSON.parse(cli.model.variablesOf(version).MLREG_ROUTE ?? '{}'));
    expect(routes.map(({ percent, testers }) => [percent, testers?.users?.length])).toEqual([
      [undefined, undefined],
      [0, 2],
      [10, 2],
      [50, 2],
      // Everybody has it now.
      [0, undefined],
    ]);
  });

  it.each([
    {
      what: 'in shadow',
      words: '--strategy shadow',
      says: 'a shadow rollout answers nobody by the challenger, so it can have no testers',
    },
    {
      what: 'by a router that does not know them',
      words: '',
      understands: ['buckets-1'],
      says: 'does not understand routes with testers (testers in mlreg.yaml)',
    },
    {
      what: 'under weighted routing by a function that is none of mlreg’s router',
      words: '',
      understands: [],
      config: `${config}routing: weighted\n`,
      says: 'does not understand routes with testers (testers in mlreg.yaml)',
    },
    {
      what: 'of a step of 0 % where there are none',
      words: '--steps 0,10',
      config: projectConfig,
      says: 'a step of 0 % reaches testers alone, and there are none',
    },
  ])('are refused in one sentence $what', async ({ words, says, understands, config: text }) => {
    const cli = await world(text, understands);
    for (const command of ['plan', 'deploy']) {
      const { code, stderr } = await cli.run(`${command} --model-version v2.3.0 ${words}`);
      expect([code, stderr]).toEqual([2, expect.stringContaining(says)]);
    }
    expect(cli.model.entries).toEqual([]);
  });

  it('are left out of a deploy that moves everybody at once', async () => {
    const cli = await world();
    cli.model.requestsPerTick = 0;
    expect((await cli.run('deploy --model-version v2.3.0 --strategy all-at-once')).code).toBe(0);
    const texts = cli.model
      .functionVersions()
      .map((version) => JSON.stringify(cli.model.variablesOf(version)));
    expect(texts.join()).not.toContain('testers');
  });

  it.each([
    ['the token itself', `tokenSha256: ${token}`],
    ['an id that is no text', 'users: [{ id: qa-1 }]'],
  ])('%s in mlreg.yaml is a mistake that is not repeated', async (_what, setting) => {
    const cli = await world(`${projectConfig}testers: { ${setting} }\n`);
    const { code, stderr } = await cli.run('plan --model-version v2.3.0');
    expect(code).toBe(2);
    expect(stderr).not.toMatch(/f1fGoj|qa-1/);
  });
});
