import { expect, it } from 'vitest';
import { type EndpointState, PlatformError } from '../../src/ports/platform.ts';
import { type CliWorld, projectConfig, serving } from '../support/cli-world.ts';

const minutes = 60_000;

/** AWS takes so long for the next endpoint, and deletes none before. */
async function creatingFor(ms: number): Promise<CliWorld & { readonly asked: () => number }> {
  const cli = await serving(projectConfig.replace('provisionTimeout: 1m', 'provisionTimeout: 30m'));
  const { platform } = cli.model.ports;
  const { deleteEndpoint } = platform;
  const began = new Map<string, number>();
  let asked = 0;
  const stateOf = (name: string): EndpointState =>
    cli.clock.now() - (began.get(name) ?? -Infinity) < ms ? { kind: 'creating' } : { kind: 'in-service' };
  platform.ensureEndpoint = async ({ endpoint }) => {
    asked += 1;
    if (!began.has(endpoint)) began.set(endpoint, cli.clock.now());
    cli.model.endpoints.set(endpoint, stateOf(endpoint).kind as 'creating');
    return stateOf(endpoint);
  };
  platform.deleteEndpoint = (name) =>
    stateOf(name).kind === 'creating'
      ? Promise.reject(new PlatformError({ kind: 'throttled', message: `${name} is being created` }))
      : deleteEndpoint(name);
  return Object.assign(cli, { asked: () => asked });
}

it('an endpoint that takes over ten minutes is waited for, and the wait is seen', async () => {
  const cli = await creatingFor(12 * minutes);
  const { code, stderr } = await cli.run('deploy --model-version v2.3.0');
  expect(code).toBe(0);
  const beats = stderr.split('\n').filter((line) => line.includes('heartbeat'));
  expect(beats.length).toBeGreaterThanOrEqual(11);
  // Ever less often: AWS isn't asked once a second for twelve minutes.
  expect(cli.asked()).toBeLessThan(70);
});

it('one that hangs in Creating ends the rollout in time, harms nobody, and gc takes it down', async () => {
  const cli = await creatingFor(90 * minutes);
  const [began, before] = [cli.clock.now(), cli.model.alias().target];
  const { code, stdout } = await cli.run('deploy --model-version v2.3.0');
  expect([code, cli.clock.now() - began]).toEqual([3, expect.any(Number)]);
  expect(cli.clock.now() - began).toBeLessThan(31 * minutes);
  expect(stdout).toMatch(
    /recommendation-dev-v2-3-0-\w+ was not in service after 30m; it reaches nobody, and mlreg gc takes it down/,
  );
  expect(cli.model.alias().target).toEqual(before);
  // While AWS makes it, it can't be deleted: that is said, and no harm.
  const early = await cli.run('gc');
  expect([early.code, early.stdout]).toEqual([1, expect.stringMatching(/unfinished.*is being created/)]);
  await cli.clock.sleepUntil((cli.clock.now() + 90 * minutes) as typeof began);
  const late = await cli.run('gc');
  expect([late.code, late.stdout]).toEqual([0, expect.stringMatching(/^retired +v2.3.0/)]);
  expect([...cli.model.endpoints.keys()]).toEqual(['recommendation-dev-v2-2-0-76322e32']);
  // The version itself may come again, under a new name.
  cli.model.ports.platform.ensureEndpoint = async ({ endpoint }) => {
    expect(endpoint).toMatch(/-g2$/);
    return { kind: 'in-service' };
  };
  expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(0);
});
