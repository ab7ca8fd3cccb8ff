import { expect } from 'vitest';
import { createScene, type Json, quick, type Scene, succeeds } from './e2e.ts';
import { expectServing } from './e2e-truth.ts';

const twin = {
  percent: 50,
  allowLargeFirstStep: true,
  bake: '2s',
  finalBake: '2s',
  tick: '1s',
  extend: '60s',
  retireAfter: '1s',
};

/** Nothing but what the test does is to decide how these end: a starved machine makes healthy versions slow. */
export const twinSettings = (blueGreen: object, routing: 'sticky' | 'weighted' = 'sticky') => ({
  ...quick,
  routing,
  strategies: { blueGreen: { ...twin, ...blueGreen } },
  guardrails: { meanLatency: 'off', endpointErrorsPerMinute: 'off', throttleRate: 'off' },
  judge: { ...quick.judge, alpha: 0.00001 },
});

/** v2.2.0 serves; v2.3.0 and v2.4.0 are registered. */
export async function createTwinScene(): Promise<Scene> {
  const scene = createScene('blue-green', twinSettings({}));
  await scene.up();
  await scene.register('v2.2.0', 'v2.3.0', 'v2.4.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
  return scene;
}

export const deployTwin = ['deploy', '--strategy', 'blue-green', '--model-version'] as const;

/** Events of this type that are about moving the API's stage to that alias. */
export const isSwap =
  (type: string, to = '') =>
  (event: Json): boolean =>
    event.type === type &&
    (event.effect === 'swap-stage' || event.kind === 'swap-stage') &&
    String(event.text).includes(to);

/** As expectServing, and the API's stage names the alias `live` again. */
export async function expectAtRest(scene: Scene, version: string): Promise<Json> {
  const rollout = await expectServing(scene, version);
  expect((await scene.status()).stage).toMatchObject({ alias: 'live' });
  const { findings } = await scene.look('doctor');
  expect(findings.find(({ check }: Json) => check === 'stage')).toMatchObject({ ok: true });
  return rollout;
}
