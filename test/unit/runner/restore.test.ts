import { describe, expect, it } from 'vitest';
import type { Stamp } from '../../../src/domain/journal.ts';
import { instant, rolloutId } from '../../../src/domain/units.ts';
import { Overtaken, type Restore, restore } from '../../../src/runner/restore.ts';
import { applyWhole } from '../../../src/store/rules/fold.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
import { actor, type ModelWorld, modelWorld } from '../../support/model-world.ts';
import { plan } from '../engine/story.ts';

const back = '7';
const marker = (token: number, epoch: number, target: string): Stamp => ({
  ...{ environment: 'local', token, seq: 4, rollout: rolloutId('r-old'), back },
  detail: { store: { id: '0a0a0a0a', epoch }, purpose: 'forward', writer: '1b1b1b1b', target },
});
const split = { functionVersion: '8', weights: { 9: 0.25 } };
const alone = { functionVersion: '9', weights: {} };

/** The records of a backup, which nobody may use yet, and two aliases with another store's markers. */
function imported(): { world: ModelWorld; order: () => Restore } {
  const world = modelWorld();
  for (const version of ['8', '9']) world.publishAs(version, {});
  world.makeAlias('live', split, marker(30, 4, '8'));
  world.makeAlias('green', alone, marker(12, 6, '9'));
  applyWhole(world.place.state, { kind: 'imported', by: actor('ana'), at: instant(0), head: '' });
  const order = (): Restore => ({
    ...{ command: 'mlreg restore', actor: actor('ana'), reason: '', rollout: rolloutId('r-new'), plan, back },
    aliases: (['live', 'green'] as const).map((name) => ({ name, view: world.alias(name) })),
    stamps: [
      ...(['live', 'green'] as const).flatMap((name) => world.alias(name).stamp ?? []),
      marker(77, 2, '8'),
    ],
    ...{ endpoints: {}, register: [], changes: [], closes: [] },
  });
  return { world, order };
}

const acquire = (world: ModelWorld) =>
  openMemoryStore(world.place).acquire({
    ...{ owner: actor('bob'), rollout: null, takeOver: true, at: instant(5) },
  });

describe('restoring a store', () => {
  it('marks every alias, and leaves each target as it was', async () => {
    const { world, order } = imported();
    const lock = await restore(world.ports, order());
    expect([world.alias('live').target, world.alias('green').target]).toEqual([split, alone]);
    for (const name of ['live', 'green'] as const)
      expect(world.alias(name).stamp).toMatchObject({
        token: lock.token,
        detail: { purpose: 'restored', store: { id: lock.store?.id, epoch: lock.store?.epoch } },
      });
  });

  it('takes an epoch one above the largest of all markers, and a token above each', async () => {
    const { world, order } = imported();
    const lock = await restore(world.ports, order());
    expect(lock.store?.epoch).toBe(7);
    expect(lock.token).toBe(78);
    expect(lock.store?.supersedes).toEqual(
      expect.arrayContaining([
        { id: '0a0a0a0a', epoch: 4, token: 30 },
        { id: '0a0a0a0a', epoch: 6, token: 12 },
      ]),
    );
  });

  it('lets nobody use the store before the last alias is marked', async () => {
    const { world, order } = imported();
    await expect(acquire(world)).rejects.toThrow('was cut off in this store');
    const asked: string[] = [];
    const { writeAlias } = world.ports.platform;
    const platform = {
      ...world.ports.platform,
      writeAlias: async (...given: Parameters<typeof writeAlias>) => {
        asked.push(
          await acquire(world).then(
            () => 'taken',
            () => 'refused',
          ),
        );
        return writeAlias(...given);
      },
    };
    await restore({ ...world.ports, platform }, order());
    expect(asked).toEqual(['refused', 'refused']);
    expect(await acquire(world)).toMatchObject({ kind: 'acquired' });
  });

  it.each(['live', 'green'] as const)(
    'stops where %s was changed since it was read, and can begin anew',
    async (name) => {
      const { world, order } = imported();
      const wanted = order();
      world.makeAlias(name, alone, marker(99, 9, '9'));
      await expect(restore(world.ports, wanted)).rejects.toBeInstanceOf(Overtaken);
      expect(world.alias(name).stamp?.token).toBe(99);
      await expect(acquire(world)).rejects.toThrow('was cut off in this store');
      const lock = await restore(world.ports, { ...order(), rollout: rolloutId('r-again') });
      expect([lock.store?.epoch, lock.token]).toEqual([10, expect.any(Number)]);
      expect(lock.token).toBeGreaterThan(99);
      expect(world.alias(name).target).toEqual(alone);
    },
  );

  it('fences an owner of the store that the backup was made of', async () => {
    const world = modelWorld();
    const store = openMemoryStore(world.place);
    const taken = await acquire(world);
    applyWhole(world.place.state, { kind: 'imported', by: actor('ana'), at: instant(0), head: '' });
    expect(await store.lock()).toMatchObject({ owner: null, restoring: true });
    const { token } = taken.lock;
    expect([await store.beat(token), await store.release(token), await store.change(token, [])]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
