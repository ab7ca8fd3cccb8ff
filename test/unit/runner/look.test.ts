import { describe, expect, it } from 'vitest';
import type { MarkerDetail, Stamp } from '../../../src/domain/journal.ts';
import { rolloutId } from '../../../src/domain/units.ts';
import { behindText, lookAt, refuseBehind, StoreBehind } from '../../../src/runner/look.ts';
import type { Meaning } from '../../../src/engine/marker.ts';
import { takeOver, start } from '../../../src/runner/own.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
import { actor, modelWorld, seedRegistry, startOf } from '../../support/model-world.ts';

const id = rolloutId('r-1');

/** A store that has given token 1 to ana and token 2 to bob. */
async function twoOwners() {
  const world = modelWorld();
  await seedRegistry(world);
  await start(world.ports, id, startOf());
  const store = openMemoryStore(world.place);
  const first = await store.lock();
  await takeOver(world.ports, id, actor('bob'), { alias: 'live' });
  const marker = (more: Partial<MarkerDetail>): { stamp: Stamp; description: string } => ({
    description: 'mlreg/1 ...',
    stamp: {
      ...{ environment: 'local', token: 1, seq: 1, rollout: id, back: '7' },
      detail: {
        store: { id: first.store?.id ?? '', epoch: first.store?.epoch ?? 0 },
        ...{ purpose: 'forward', writer: first.writer ?? '', target: '8', ...more },
      },
    },
  });
  return { store, marker, first };
}

describe('a look at the alias', () => {
  it('compares the writer of an older token with the one that the store remembers', async () => {
    const { store, marker } = await twoOwners();
    expect(await lookAt(store, marker({}))).toEqual({ kind: 'own' });
    expect(await lookAt(store, marker({ writer: 'ffffffff' }))).toEqual({ kind: 'copied' });
  });

  it('seals a store that another one has replaced, and refuses', async () => {
    const { store, marker, first } = await twoOwners();
    const by = { id: 'ffffffff', epoch: (first.store?.epoch ?? 0) + 1 };
    const meaning = await lookAt(store, marker({ store: by }));
    expect(meaning).toEqual({ kind: 'replaced', by });
    const refused = refuseBehind(store, { meaning, where: 'alias live' }, 'local');
    await expect(refused).rejects.toThrow(StoreBehind);
    expect(await store.lock()).toMatchObject({ owner: null, sealedBy: by });
  });
});

describe('a store that must not move the alias', () => {
  const other = { id: 'ffffffff', epoch: 4 };
  it.each<[Meaning, RegExp | null]>([
    [{ kind: 'replaced', by: other }, /^store ffffffff \(epoch 4\) took the place of this store$/],
    [{ kind: 'twin', other }, /belongs to another store: ffffffff, epoch 4$/],
    [{ kind: 'put-back', lost: 'token 9' }, /was written by token 9, which this store does not know$/],
    [{ kind: 'copied' }, /was written by another copy of this store$/],
    [{ kind: 'own' }, null],
    [{ kind: 'superseded' }, null],
    [{ kind: 'unmarked' }, null],
    [{ kind: 'drift' }, null],
    [{ kind: 'unknown-rollback', rollout: id, target: '7' }, null],
  ])('is told so: $kind', (meaning, sentence) => {
    const text = behindText(meaning, { where: 'alias live', environment: 'local' });
    if (sentence === null) expect(text).toBeNull();
    else expect(text?.what).toMatch(sentence);
  });
});
