import { describe, expect, it } from 'vitest';
import { projectConfig, serving } from '../support/cli-world.ts';

const parameter = '/mlreg/prod/receipts';
const config = `${projectConfig}feedback: { receipts: ${parameter}, maxAge: 7d }\n`;
const receipts = { parameter, maxAgeMs: 604_800_000 };

async function world(understands: readonly string[] = ['buckets-1', 'answers-1', 'receipts-1']) {
  const cli = await serving(config);
  cli.understands = understands;
  return cli;
}

describe('receipts', () => {
  it('are told in the plan', async () => {
    const { code, stdout } = await (await world()).run('plan --model-version v2.3.0');
    expect(code).toBe(0);
    expect(stdout).toContain(
      `label  answers carry receipts for feedback, valid for 7d; keys in ${parameter}`,
    );
  });

  it('are in every route that a rollout publishes, at rest as well', async () => {
    const cli = await world();
    const before = cli.model.functionVersions();
    expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(0);
    const routes = cli.model
      .functionVersions()
      .filter((version) => !before.includes(version))
      .map((version) => JSON.parse(cli.model.variablesOf(version)['MLREG_ROUTE'] ?? '{}'));
    expect(routes.length).toBeGreaterThan(1);
    expect(routes.map((route) => route.receipts)).toEqual(routes.map(() => receipts));
    expect(routes.some((route) => route.challenger === undefined)).toBe(true);
  });

  it('are refused before anything is made where the router is too old', async () => {
    const cli = await world(['buckets-1', 'answers-1']);
    const { code, stderr } = await cli.run('deploy --model-version v2.3.0');
    expect(code).not.toBe(0);
    expect(stderr).toContain('does not understand routes with receipts (feedback.receipts in mlreg.yaml)');
    expect(stderr).toContain('or set feedback.receipts of environments.');
  });

  it('stand in the way of no rollback where the router is too old', async () => {
    const cli = await world();
    expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(0);
    cli.understands = ['buckets-1', 'answers-1'];
    expect((await cli.run('rollback --reason test --yes')).code).toBe(0);
  });
});
