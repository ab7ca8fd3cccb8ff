import { describe, expect, it } from 'vitest';
import { bad, baking, type CliWorld, serving, type Typed } from '../support/cli-world.ts';

const onGitHub: Typed = {
  env: {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_STEP_SUMMARY: '/runner/summary',
    GITHUB_OUTPUT: '/runner/output',
    GITHUB_STATE: '/runner/state',
  },
};
const commands = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line.startsWith('::'));
const file = (cli: CliWorld, name: string): string => cli.files.get(`/runner/${name}`) ?? '';

describe("a rollout in a job of GitHub's", () => {
  it('is told in lines, a fold, one annotation, a summary, outputs and state', async () => {
    const cli = await serving();
    cli.model.behaviour['v2.3.0'] = bad;
    const { code, stderr } = await cli.run('deploy --model-version v2.3.0', onGitHub);
    expect(code).toBe(3);
    expect(commands(stderr)).toEqual([
      '::group::prepare',
      '::endgroup::',
      expect.stringMatching(
        /^::error title=v2\.3\.0 rolled back::rolling back: 24 of 80 challenger requests failed /,
      ),
    ]);
    expect(file(cli, 'summary')).toMatch(/^## ❌ recommendation · dev: v2\.3\.0 rolled back\n/);
    expect(file(cli, 'output')).toMatch(/^result<<mlreg-q-\d+\nrolled-back\nmlreg-q-\d+$/m);
    expect(file(cli, 'state')).toMatch(/^rollout<<mlreg-q-1\nr-1\nmlreg-q-1\nover<<mlreg-q-\d+\n3\n/);
  });

  it('that promotes ends in a notice', async () => {
    const cli = await serving();
    const { stderr } = await cli.run('deploy --model-version v2.3.0', onGitHub);
    expect(commands(stderr).at(-1)).toMatch(/^::notice title=v2\.3\.0 succeeded::v2\.3\.0 serves 100 %25/);
  });

  it('keeps to itself what a person has typed for the runner', async () => {
    const cli = await serving();
    const reason = '##[add-mask]prod ::stop-commands::x';
    cli.when(baking(10), () => void cli.run(`abort --reason "${reason}"`, { ...onGitHub, as: 'bob' }));
    const { stdout, stderr } = await cli.run(`deploy --model-version v2.3.0 --reason "${reason}"`, onGitHub);
    expect(`${stdout}${stderr}`).toContain('# #[add-mask]prod');
    expect(`${stdout}${stderr}`).not.toContain('##[');
    const json = await cli.run('show r-1 -o json', onGitHub);
    expect(json.stdout).not.toContain('##[');
    expect(JSON.parse(json.stdout).reason).toBe(reason);
  });

  it('whose files cannot be written comes to the same', async () => {
    const cli = await serving();
    Object.assign(cli.files, {
      set: () => {
        throw new Error('the disk is full');
      },
    });
    const { code, stderr } = await cli.run('deploy --model-version v2.3.0', onGitHub);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining("/runner/output can't be written: the disk is full"),
    ]);
  });

  it('says in an annotation what stops it before it begins', async () => {
    const cli = await serving();
    const { code, stderr } = await cli.run('deploy --model-version v9', onGitHub);
    expect([code, commands(stderr)]).toEqual([
      2,
      [expect.stringMatching(/^::error title=mlreg::v9 is not registered in dev%0A/)],
    ]);
  });

  it.each([
    ['deploy --model-version v9', 'v9 is not registered in dev'],
    ['status -e nowhere', 'nowhere'],
  ])('%s: the summary says so too, with the run', async (words, what) => {
    const cli = await serving();
    const run = {
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'shop/recs',
      GITHUB_RUN_ID: '77',
    };
    expect((await cli.run(words, { env: { ...onGitHub.env, ...run } })).code).toBe(2);
    const summary = file(cli, 'summary');
    expect(summary.split('\n')[0]).toContain(what);
    expect(summary).toContain('No rollout began, and nothing was changed.');
    expect(summary).toContain('[this run](https://github.com/shop/recs/actions/runs/77)');
  });
});
