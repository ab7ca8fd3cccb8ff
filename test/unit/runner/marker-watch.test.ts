import { describe, expect, it } from 'vitest';
import type { MarkerDetail, Stamp } from '../../../src/domain/journal.ts';
import { later, rolloutId } from '../../../src/domain/units.ts';
import type { RolloutState } from '../../../src/engine/state.ts';
import type { AliasView } from '../../../src/ports/platform.ts';
import { isLookDue, newsOfMarker } from '../../../src/runner/marker-watch.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
import { home, id, moved, on, plan, single, tell } from '../engine/story.ts';
import { v23 } from '../../support/model-world.ts';

const store = { id: '9f3c21ab', epoch: 2 };
const own = '00000001';
const earlierLap = '00000002';

/** The marker of the owner's last write, under token 4; its next write would go out under token 5. */
const marker = (over: Partial<Stamp> = {}, more: Partial<MarkerDetail> = {}): Stamp => ({
  ...{ environment: 'local', token: 4, seq: 20, rollout: id, back: '7' },
  ...over,
  detail: { store, purpose: 'forward', writer: earlierLap, target: '8', ...more },
});

const state = (over: Partial<RolloutState> = {}): RolloutState => ({
  ...tell(plan, moved(single(v23), on('8'))).state,
  aliases: { live: { revisionId: 'rev-20', target: on('8'), stamp: marker() } },
  unfenced: [],
  ...over,
});

const seen = (stamp: Stamp | undefined): AliasView => ({
  target: home,
  description: '',
  stamp,
  revisionId: 'rev-21',
});

/** What an owner makes of it: by the next lap's token, or by that of the write itself. */
function news(found: AliasView | null, token: 4 | 5, over: Partial<RolloutState> = {}) {
  const writer = token === 4 ? earlierLap : own;
  const journal = { token, mark: () => ({ store, writer }), state: () => state(over) };
  return newsOfMarker({ store: openMemoryStore() }, journal, found);
}

const blind = (over: Partial<Stamp> = {}): Stamp =>
  marker({ seq: 0, ...over }, { purpose: 'blind', writer: 'ffffffff', target: '7' });

describe("somebody else's marker on the owner's alias", () => {
  it.each<[string, Stamp]>([
    ["a person's rollback over its own write", blind()],
    ['a larger token', marker({ token: 9 }, { writer: 'ffffffff' })],
    ['its own token, given to another writer', marker({}, { writer: 'ffffffff' })],
    ['a store that took the place of its own', marker({}, { store: { id: 'ffffffff', epoch: 7 } })],
    ['another store of the same epoch', marker({}, { store: { id: 'ffffffff', epoch: 2 } })],
  ])('stops it: %s', async (_what, stamp) => {
    expect(await news(seen(stamp), 4)).toMatchObject({ kind: 'stop' });
  });

  it('says that a person did it, and no other owner', async () => {
    expect(await news(seen(blind()), 4)).toEqual({ kind: 'stop', by: 'a rollback by the alias alone' });
    expect(await news(seen(marker({ token: 9 })), 4)).toEqual({ kind: 'stop', by: 'token 9 on the alias' });
  });

  it.each<[string, Stamp]>([
    ["a person's rollback", blind()],
    ["an owner's rollback that no journal knows", marker({ seq: 30 }, { purpose: 'back', target: '7' })],
  ])('is recorded where its token is older than the newest that the owner took: %s', async (_what, stamp) => {
    const found = await news(seen(stamp), 5);
    expect(found).toMatchObject({ kind: 'record' });
    expect(found).toHaveProperty('entries', [
      expect.objectContaining({ kind: 'repaired' }),
      expect.objectContaining({ kind: 'rolling-back' }),
    ]);
  });

  it.each<[string, AliasView | null, Partial<RolloutState>]>([
    ['its own write', seen(marker()), {}],
    ['a late reading of an earlier write', seen(marker({ seq: 12 })), {}],
    ['a late reading of an older owner', seen(marker({ token: 2 }, { writer: '00000009' })), {}],
    ['an alias without a marker', seen(undefined), {}],
    ['an alias that could not be read', null, {}],
    ["a person's rollback before the fence", seen(blind({ token: 2 })), { unfenced: ['live'] }],
    ["a person's rollback that the journal knows", seen(blind()), { repaired: 'ffffffff' }],
    [
      "another rollout's rollback, which the next write meets",
      seen(blind({ rollout: rolloutId('r-0') })),
      {},
    ],
  ])('is no news: %s', async (_what, found, over) => {
    expect(await news(found, 5, over)).toBeNull();
  });
});

describe('a look without news of users', () => {
  const { plan: frozen, writtenAt, ...rest } = state();
  const quiet = (ms: number, lastMs: number | null): boolean =>
    isLookDue(
      lastMs === null ? null : later(writtenAt, lastMs),
      { ...rest, plan: { ...frozen, tickMs: 1_000 }, writtenAt },
      later(writtenAt, ms),
    );
  it.each([
    ['9 s after the last entry', 9_000, null, false],
    ['10 s after it', 10_000, null, true],
    ['9 s after the last look', 19_000, 10_000, false],
    ['10 s after that', 20_000, 10_000, true],
    ['a clock that was set back', -60_000, 10_000, true],
  ])('%s: %s', (_what, ms, lastMs, expected) => {
    expect(quiet(ms, lastMs)).toBe(expected);
  });
});
