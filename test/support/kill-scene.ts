import { expect } from 'vitest';
import { createScene, Gone, type Json, quick, type Running, type Scene, succeeds } from './e2e.ts';
import { startTraffic } from './e2e-traffic.ts';
import { expectServing } from './e2e-truth.ts';

/** When to kill: at the n-th event of its kind. */
export type Moment = readonly [name: string, fits: (event: Json) => boolean, nth: number];

export const begins = (effect: string, nth = 1): readonly [(event: Json) => boolean, number] => [
  (event) => event.type === 'effect.start' && event.effect === effect,
  nth,
];

/** Two versions under traffic, to be deployed in turn by processes that are killed. */
export interface KillScene {
  readonly scene: Scene;
  /** The version that does not serve. */
  challenger(): string;
  /** Kills it when the moment has come; false where it was over before. */
  killedAt(running: Running, moment: Moment): Promise<boolean>;
  /** Whatever was killed when: one resume, and all agree that the challenger serves. */
  expectResumed(): Promise<Json>;
  end(): Promise<void>;
}

export async function createKillScene(): Promise<KillScene> {
  let champion = 'v2.2.0';
  let stopTraffic = (): void => undefined;
  // Nothing but the kills is to decide how these end: a starved machine makes healthy versions slow.
  const scene = createScene('kill', {
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
  await startTraffic(scene, 60, (stop) => (stopTraffic = stop));
  const challenger = (): string => (champion === 'v2.2.0' ? 'v2.3.0' : 'v2.2.0');
  return {
    scene,
    challenger,
    async killedAt(running, [name, fits, nth]) {
      try {
        await running.event(name, fits, nth);
      } catch (error) {
        if (error instanceof Gone) return false;
        throw error;
      }
      running.kill('SIGKILL');
      return (await running.ended).signal === 'SIGKILL';
    },
    async expectResumed() {
      const wanted = challenger();
      const before = champion;
      const { code, stdout, stderr } = await scene.run('resume');
      // Between the last event and the signal it may have come to its end.
      if (code === 5) expect(stderr).toContain('no rollout is under way');
      else expect([code, stdout]).toEqual([0, expect.stringContaining(`${wanted} serves 100 %`)]);
      champion = wanted;
      const rollout = await expectServing(scene, wanted);
      expect(rollout).toMatchObject({ champion: before, challenger: wanted, outcome: { kind: 'succeeded' } });
      return rollout;
    },
    async end() {
      stopTraffic();
      await scene.end();
    },
  };
}
