import { expect } from 'vitest';
import { answering, recommendations } from './e2e-traffic.ts';
import type { Scene, Json } from './e2e.ts';

/**
 * Registry, alias, lock and users agree: this version, alone, serves everybody, and nobody owns the environment.
 * @returns the newest rollout with its journal
 */
export async function expectServing(scene: Scene, version: string): Promise<Json> {
  const [status, versions, newest] = await Promise.all([scene.status(), scene.versions(), scene.newest()]);
  const champions = versions.filter((record) => record.status === 'champion');
  expect(champions.map((record) => record.version)).toEqual([version]);
  expect(status).toMatchObject({
    champion: version,
    alias: { functionVersion: champions[0]?.functionVersion, weights: {} },
    owner: null,
    rollout: null,
  });
  expect(versions.filter((record) => record.status === 'challenger')).toEqual([]);
  const answers = await recommendations(scene, 8);
  expect(answering(answers)).toEqual([version]);
  expect(newest.phase).toBe('ended');
  return newest;
}

/** When the write that ended the challenger's share was read back (epoch ms). */
export function rolledBackAt(rollout: Json): number {
  const entries = rollout.entries as readonly Json[];
  const intents = new Set(
    entries
      .filter((entry) => entry.kind === 'intent' && entry.effect.purpose === 'roll-back')
      .map((entry) => entry.seq),
  );
  const result = entries.find((entry) => entry.kind === 'result' && intents.has(entry.intent));
  if (result === undefined) throw new Error('no roll-back was read back');
  return Number(result.at);
}

/** When the stage was seen to name this alias, first after some instant (epoch ms). */
export function swappedAt(rollout: Json, alias: string): number {
  const entries = rollout.entries as readonly Json[];
  const intents = new Set(
    entries
      .filter(({ kind, effect }) => kind === 'intent' && effect.kind === 'swap-stage' && effect.to === alias)
      .map(({ seq }) => seq),
  );
  const result = entries.find(({ kind, intent }) => kind === 'result' && intents.has(intent));
  if (result === undefined) throw new Error(`the stage was never seen to name ${alias}`);
  return Number(result.at);
}
