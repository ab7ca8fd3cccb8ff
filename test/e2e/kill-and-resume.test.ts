import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScene, type Json, quick, type Running, type Scene, succeeds } from '../support/e2e.ts';
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
  await scene.up({ controller: false });
  await scene.register('v2.2.0', 'v2.3.0');
  await succeeds(scene.run('deploy', '--model-version', champion));
  await startTraffic(scene, 100, (stop) => (stopTraffic = stop));
});

afterAll(async () => {
  stopTraffic();
  await scene.end();
});

type Moment = readonly [name: string, fits: (event: Json) => boolean, nth: number];
const begins = (effect: string, nth = 1): readonly [(event: Json) => boolean, number] => [
  (event) => event.type === 'effect.start' && event.effect === effect,
  nth,
];

const challenger = (): string => (champion === 'v2.2.0' ? 'v2.3.0' : 'v2.2.0');

/** Kills it when the moment has come; false where it was over before. */
async function killedAt(running: Running, [name, fits, nth]: Moment): Promise<boolean> {
  await running.event(name, fits, nth);
  running.kill('SIGKILL');
  return (await running.ended).signal === 'SIGKILL';
}

/** Whatever was killed when: one resume, and all agree that the challenger serves. */
async function expectResumed(): Promise<Json> {
  const wanted = challenger();
  const before = champion;
  const { code, stdout, stderr } = await scene.run('resume');
  // Between the last event and the signal it may have come to its end.
  const wasOver = code === 5;
  if (wasOver) expect(stderr).toContain('no rollout is under way');
  else expect([code, stdout]).toEqual([0, expect.stringContaining(`${wanted} serves 100 %`)]);
  champion = wanted;
  const rollout = await expectServing(scene, wanted);
  expect(rollout).toMatchObject({ champion: before, challenger: wanted, outcome: { kind: 'succeeded' } });
  return rollout;
}

describe('a deploy that is killed', () => {
  // Each moment is an event of the deploy: the n-th of its kind.
  it.each<Moment>([
    ['creating its endpoint', ...begins('ensure-endpoint')],
    ['moving users', ...begins('set-alias', 2)],
    ['judging', ({ type }) => type === 'observed', 1],
    ['promoting', ...begins('set-alias', 3)],
  ])('%s is brought to its end by one resume', async (...moment) => {
    const deploying = scene.start('deploy', '--model-version', challenger());
    expect(await killedAt(deploying, moment)).toBe(true);
    const { entries } = await expectResumed();
    expect(entries.filter(({ kind }: Json) => kind === 'owned')).toHaveLength(1);
  });

  it('at every step, and each resume at the next, still comes to its end', async () => {
    const moments: readonly Moment[] = [
      ['starting', ({ type }) => type === 'rollout.start', 1],
      ['fencing the alias', ...begins('set-alias')],
      ['creating the endpoint', ...begins('ensure-endpoint')],
      ['publishing', ...begins('publish')],
      ['asking smoke requests', ...begins('smoke')],
      ['warming up', ...begins('warm-up')],
      // The first write of each owner is its fence.
      ['moving users', ...begins('set-alias', 2)],
      ['judging', ({ type }) => type === 'observed', 1],
      ['warming up for everybody', ...begins('warm-up')],
      ['promoting', ...begins('set-alias', 2)],
      ['writing the registry', ({ type, kind }) => type === 'step.done' && kind === 'promote', 1],
    ];
    for (const [index, moment] of moments.entries()) {
      const words = index === 0 ? ['deploy', '--model-version', challenger()] : ['resume'];
      expect(await killedAt(scene.start(...words), moment), moment[0]).toBe(true);
    }
    const { entries } = await expectResumed();
    const owners = entries.filter(({ kind }: Json) => kind === 'owned').length;
    expect(owners - (moments.length - 1)).toBeOneOf([0, 1]);
  });
});
