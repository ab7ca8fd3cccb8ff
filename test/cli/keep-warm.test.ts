import { describe, expect, it } from 'vitest';
import { projectConfig, serving } from '../support/cli-world.ts';

const deploy = 'deploy --model-version v2.3.0 --bake 10m';
const withServing = (setting: string): string =>
  projectConfig.replace(/^sagemaker:$/m, `sagemaker:\n  ${setting}`);
const warmings = (calls: readonly string[]): number => calls.filter((name) => name === 'warmEndpoint').length;
/** Before each of two steps, and before the promotion. */
const steps = 3;

describe('the way back of a rollout', () => {
  it('is kept warm every minute by the process that drives it, for as long as users are away', async () => {
    const cli = await serving();
    const before = cli.model.calls.length;
    expect((await cli.run(deploy)).code).toBe(0);
    // Two bakes of ten minutes each.
    const kept = warmings(cli.model.calls.slice(before)) - steps;
    expect(kept).toBeGreaterThanOrEqual(19);
    expect(kept).toBeLessThanOrEqual(23);
  });

  it('is not where that is off, and plan says so', async () => {
    const cli = await serving(withServing("keepWarm: 'off'"));
    expect((await cli.run('plan --model-version v2.3.0')).stdout).toContain(
      'nothing keeps v2.2.0 warm (sagemaker.keepWarm is off): a rollback may meet a cold endpoint',
    );
    const before = cli.model.calls.length;
    expect((await cli.run(deploy)).code).toBe(0);
    expect(warmings(cli.model.calls.slice(before))).toBe(steps);
  });

  it('needs no requests where its environments are provisioned, and plan says so', async () => {
    const cli = await serving(withServing('provisionedConcurrency: 3'));
    expect((await cli.run('plan --model-version v2.3.0')).stdout).toContain(
      '3 environments of each endpoint always, as provisioned',
    );
  });

  it('refuses more provisioned environments than there may be', async () => {
    const cli = await serving(withServing('provisionedConcurrency: 30'));
    const ran = await cli.run('plan --model-version v2.3.0');
    expect([ran.code, ran.stderr]).toEqual([
      2,
      expect.stringContaining("an endpoint of at most 20 environments can't keep 30 provisioned"),
    ]);
  });

  it('ends nothing where no warming request is answered', async () => {
    const cli = await serving();
    // A step's warm-up reads the load after it has warmed the function.
    cli.model.fault = (_at, name) =>
      name === 'load' && cli.model.calls.at(-1) !== 'warm' ? 'error-before' : null;
    expect((await cli.run(deploy)).code).toBe(0);
  });
});
