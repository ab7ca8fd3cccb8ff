import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScene, quick, type Scene, succeeds } from '../support/e2e.ts';
import { startTraffic } from '../support/e2e-traffic.ts';
import { expectServing } from '../support/e2e-truth.ts';

let scene: Scene;
let stopTraffic = (): void => undefined;
let champion = 'v2.2.0';

beforeAll(async () => {
  // Nothing but the kills is to decide how these end: a starved machine makes healthy versions slow.
  scene = createScene('kill', {
    ...quick,
    strategies: {
      canary: { ...quick.strategies.canary, steps: [50], allowLargeFirstStep: true, bake: '1s' },
    },
    guardrails: { meanLatency: 'off', endpointErrorsPerMinute: 'off', throttleRate: 'off' },
    judge: { ...quick.judge, alpha: 0.00001 },
  });
  await scene.up();
  await scene.register('v2.2.0', 'v2.3.0');
  await succeeds(scene.run('deploy', '--model-version', champion));
  await startTraffic(scene, 100, (stop) => (stopTraffic = stop));
}, 60_000);

afterAll(async () => {
  stopTraffic();
  await scene.end();
}, 30_000);

type Event = Record<string, any>;
const begins = (effect: string) => (event: Event) => event.type === 'effect.start' && event.effect === effect;

describe('a deploy that is killed', { timeout: 90_000 }, () => {
  // Each moment is an event of the deploy: the n-th of its kind.
  it.each<[moment: string, fits: (event: Event) => boolean, nth: number]>([
    ['at its start', ({ type }) => type === 'rollout.start', 1],
    ['fencing the alias', begins('set-alias'), 1],
    ['creating the endpoint', begins('ensure-endpoint'), 1],
    ['publishing its last route', begins('publish'), 2],
    ['asking smoke requests', begins('smoke'), 1],
    ['warming up', begins('warm-up'), 1],
    ['moving users', begins('set-alias'), 2],
    ['beginning its bake', ({ type, kind }) => type === 'step.done' && kind === 'route', 1],
    ['judging', ({ type }) => type === 'observed', 1],
    ['warming up for everybody', begins('warm-up'), 2],
    ['promoting', begins('set-alias'), 3],
    ['writing the registry', ({ type, kind }) => type === 'step.done' && kind === 'promote', 1],
    ['telling people', begins('notify'), 1],
  ])('%s is brought to its end by resume', async (moment, fits, nth) => {
    const before = champion;
    const challenger = champion === 'v2.2.0' ? 'v2.3.0' : 'v2.2.0';
    const deploying = scene.start('deploy', '--model-version', challenger);
    await deploying.event(moment, fits, nth);
    deploying.kill('SIGKILL');
    expect(await deploying.ended).toMatchObject({ code: null, signal: 'SIGKILL' });
    // Between the last event and the signal it may have come to its end.
    const wasOver = (await scene.newest()).phase === 'ended';

    const { code, stdout, stderr } = await scene.run('resume');
    expect([wasOver ? 5 : 0, stderr]).toEqual([code, expect.any(String)]);
    if (!wasOver) expect(stdout).toContain(`${challenger} serves 100 %`);
    champion = challenger;
    const rollout = await expectServing(scene, challenger);
    expect(rollout).toMatchObject({ champion: before, challenger, outcome: { kind: 'succeeded' } });
    expect(rollout.entries.filter(({ kind }: Event) => kind === 'owned')).toHaveLength(wasOver ? 0 : 1);
  });
});
