import { afterAll, beforeAll, expect, it } from 'vitest';
import { createScene, limitNow, quick, type Scene, succeeds } from '../support/e2e.ts';
import { startTraffic } from '../support/e2e-traffic.ts';
import { expectServing } from '../support/e2e-truth.ts';

let scene: Scene;
/**
 * A cold endpoint would throttle two of three: 60 come while the first 20 environments start. Yet where this machine stands
 * still for a second, those that wait meanwhile still find room.
 */
const perSecond = 10;

beforeAll(async () => {
  scene = createScene('warm', {
    ...quick,
    sagemaker: { ...quick.sagemaker, maxConcurrency: 20, keepWarm: '1s' },
  });
  await scene.up();
  await scene.register('v2.2.0', 'v2.3.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
});

afterAll(() => scene.end());

interface Counts {
  readonly environments: number;
  readonly throttled: number;
}

async function countsOf(version: string): Promise<Counts> {
  const { endpoints } = await scene.look('local', 'status');
  const found = endpoints.find(({ endpointName }: { endpointName: string }) =>
    endpointName.includes(version.replaceAll('.', '-')),
  );
  if (found === undefined) throw new Error(`no endpoint of ${version}: ${JSON.stringify(endpoints)}`);
  return found;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it('after a promotion the version before stays able to take everybody, though cold starts take seconds', async () => {
  // As many environments as the traffic ever needs are there before starting one takes long.
  const traffic = await startTraffic(scene, perSecond);
  await pause(3_000);
  // A machine that is busy with something else must not be late for each round of warming requests.
  const idleMs = Math.ceil(await limitNow(10_000));
  await scene.faults({ endpoints: { coldStartMs: 6_000, idleMs } });
  const begun = performance.timeOrigin + performance.now();

  const deployed = await scene.run('deploy', '--model-version', 'v2.3.0');
  expect([deployed.code, deployed.stdout]).toEqual([0, expect.stringContaining('v2.3.0 serves 100 %')]);
  expect(deployed.stderr).toMatch(/warm up v2\.3\.0 .*environments? of v2\.3\.0 warm/);
  await pause(1.5 * idleMs);

  // Nobody has asked it for longer than an idle environment stays: the controller has kept it warm.
  const before = await countsOf('v2.2.0');
  expect(before.environments).toBeGreaterThanOrEqual(2);
  const rolledBack = await scene.run('rollback');
  expect([rolledBack.code, rolledBack.stderr]).toEqual([
    0,
    expect.stringContaining('mlreg warms v2.2.0 first'),
  ]);
  await expectServing(scene, 'v2.2.0');
  await pause(3_000);
  const { sent } = await traffic.stop();

  const after = await countsOf('v2.2.0');
  expect(sent.filter(({ at, status }) => at >= begun && status !== 200)).toEqual([]);
  expect([before.throttled, after.throttled, (await countsOf('v2.3.0')).throttled]).toEqual([0, 0, 0]);
});
