import { expect } from 'vitest';
import type { RolloutId } from '../../src/domain/units.ts';
import { replay } from '../../src/engine/fold-journal.ts';
import { openMemoryStore } from './memory-store.ts';
import { type ModelWorld, v22, v23 } from './model-world.ts';

/** Registry, alias and journal tell the same story. */
export async function expectConsistent(
  world: ModelWorld,
  id: RolloutId,
  outcome: 'succeeded' | 'rolled-back',
  { mayKeepLock = false }: { readonly mayKeepLock?: boolean } = {},
): Promise<void> {
  const store = openMemoryStore(world.place);
  const statusOf = async (version: typeof v22) => (await store.version(version))?.status;
  const state = replay(id, await store.journal(id));
  expect(state.outcome?.kind).toBe(outcome);
  const { target, stamp } = world.alias();
  expect(target.weights).toEqual({});
  if (outcome === 'rolled-back') {
    expect(target.functionVersion).toBe('7');
    expect([await statusOf(v22), await statusOf(v23)]).toEqual(['champion', 'rolled_back']);
  } else {
    const served = world.variablesOf(target.functionVersion);
    const serves =
      served.MLREG_ROUTE === undefined || served.MLREG_ROUTE === ''
        ? served.MODEL_VERSION
        : JSON.parse(served.MLREG_ROUTE).champion.version;
    expect(serves).toBe(v23);
    expect([await statusOf(v23), await statusOf(v22)]).toEqual(['champion', 'archived']);
  }
  const lock = await store.lock();
  expect(stamp?.token).toBeLessThanOrEqual(lock.token);
  // Whoever died after the last entry could not let go any more; the next deploy takes it.
  if (!mayKeepLock) expect(lock.owner).toBeNull();
}
