import { describe, expect, it } from 'vitest';
import type { Effect, MarkerDetail, Stamp } from '../../../src/domain/journal.ts';
import { rolloutId } from '../../../src/domain/units.ts';
import { perform } from '../../../src/runner/perform.ts';
import type { Performed } from '../../../src/runner/performed.ts';
import { start, takeOver } from '../../../src/runner/own.ts';
import type { RolloutState } from '../../../src/engine/state.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
import { actor, type ModelWorld, modelWorld, seedRegistry, startOf, v22 } from '../../support/model-world.ts';
import { home, id, on, setAlias, single, started } from '../engine/story.ts';
import { plan } from '../engine/story.ts';

const earlier = rolloutId('r-0');
const fence = setAlias('fence', home, null);
const back = setAlias('roll-back', home, single(v22));
const seq = 30;

interface Owned {
  readonly world: ModelWorld;
  readonly state: RolloutState;
  readonly write: (effect: Effect, state?: RolloutState) => Promise<Performed>;
  /** A marker of token 1 in this store, with what differs from the first owner's own fence. */
  readonly marker: (more?: Partial<MarkerDetail>, over?: Partial<Stamp>) => Stamp;
}

/** The second owner of a rollout, under token 4, who has not written the alias yet; an earlier rollout has ended. */
async function owned(): Promise<Owned> {
  const world = modelWorld();
  await seedRegistry(world);
  const store = openMemoryStore(world.place);
  const at = world.ports.clock.now();
  await store.acquire({ owner: actor(), rollout: earlier, takeOver: false, at });
  const entries = [
    started(plan),
    { kind: 'ended', outcome: { kind: 'succeeded', sentence: 'serves 100 %' } },
  ] as const;
  await store.append({ rollout: earlier, token: 1, length: 0, at, entries: [...entries] });
  await store.release(1);
  await start(world.ports, id, startOf());
  const { writer, store: identity } = await store.lock();
  const journal = await takeOver(world.ports, id, actor('bob'), { alias: 'live' });
  const state = journal.state();
  return {
    world,
    state,
    write: (effect, given = state) => perform(world.ports, given, effect, seq, journal.mark()),
    marker: (more = {}, over = {}) => ({
      ...{ environment: 'local', token: 2, seq: 1, rollout: id, back: '7', ...over },
      detail: {
        store: { id: identity?.id ?? '', epoch: identity?.epoch ?? 0 },
        ...{ purpose: 'fence', writer: writer ?? '', target: '7', ...more },
      },
    }),
  };
}

const person = { purpose: 'blind', writer: 'ffffffff' } as const;
const byPerson = { seq: 0 } as const;

describe('a fence', () => {
  it("over the owner's before it lands, and says what it found", async () => {
    const { world, write, marker } = await owned();
    world.makeAlias('live', on('8'), marker());
    expect(await write(fence)).toMatchObject({ kind: 'done', outcome: { target: on('8') } });
    expect(world.alias().stamp?.detail).toMatchObject({ purpose: 'fence', target: '8' });
  });

  it.each<[string, Partial<MarkerDetail>, Partial<Stamp>, object]>([
    [
      "a person's rollback of this rollout",
      { ...person, target: '6' },
      byPerson,
      { kind: 'went-back', elsewhere: false },
    ],
    [
      "an owner's rollback that the journal does not know",
      { purpose: 'back' },
      {},
      { kind: 'went-back', elsewhere: false },
    ],
    [
      "a person's rollback of an earlier rollout, also to this one's home",
      person,
      { ...byPerson, rollout: earlier },
      { kind: 'went-back', elsewhere: true },
    ],
    [
      "an owner's rollback of an earlier rollout",
      { purpose: 'back' },
      { rollout: earlier },
      { kind: 'went-back', elsewhere: true },
    ],
    ['a rollout that the store does not know', {}, { rollout: rolloutId('r-9') }, { kind: 'fenced' }],
    ['a token that the store gave to somebody else', { writer: 'ffffffff' }, {}, { kind: 'fenced' }],
    ['a store that replaced this one', { store: { id: 'ffffffff', epoch: 7 } }, {}, { kind: 'fenced' }],
    ['a larger token', {}, { token: 9 }, { kind: 'fenced', token: 9 }],
  ])('over %s does not land', async (_what, more, over, expected) => {
    const { world, write, marker } = await owned();
    world.makeAlias('live', on(more.target ?? '7'), marker(more, over));
    const { revisionId } = world.alias();
    expect(await write(fence)).toMatchObject(expected);
    expect(world.alias().revisionId).toBe(revisionId);
  });

  it("over a person's rollback lands once the journal knows of it", async () => {
    const { world, state, write, marker } = await owned();
    world.makeAlias('live', on('7'), marker(person, byPerson));
    expect(await write(fence, { ...state, repaired: 'ffffffff' })).toMatchObject({ kind: 'done' });
  });

  it('over a marker that cannot be read does not land, unless a person adopts it', async () => {
    const { world, state, write } = await owned();
    world.describe('live', 'mlreg/1 token=?');
    const { revisionId } = world.alias();
    expect(await write(fence)).toMatchObject({ kind: 'foreign' });
    expect(world.alias().revisionId).toBe(revisionId);
    expect(await write(fence, { ...state, adopted: true })).toMatchObject({ kind: 'done' });
  });

  it.each<[string, Partial<Stamp>, string]>([
    ["an older version's rollback without the store", { token: 1, seq: 40 }, 'went-back'],
    ["a person's rollback by an older version", { token: 1, seq: 0 }, 'went-back'],
    ["an older version's write that the journal knows", { token: 1, seq: 1 }, 'done'],
  ])('over %s: %s', async (_what, over, kind) => {
    const { world, state, write } = await owned();
    const stamp: Stamp = { environment: 'local', token: 2, seq: 1, rollout: id, back: '7', ...over };
    world.makeAlias('live', on('7'), stamp);
    expect(state.ownedSeq).toBeGreaterThan(0);
    expect(await write(fence, { ...state, ownedSeq: 2 })).toMatchObject({ kind });
  });
});

describe('a rollback', () => {
  const rolling = (state: RolloutState): RolloutState => ({
    ...state,
    phase: 'rolling-back',
    rollback: {
      cause: { kind: 'verdict', sentence: 'it failed' },
      at: state.startedAt,
      home: [],
      stageTidied: false,
      labelled: false,
    },
  });

  it('is marked as one, with the version that it leads to', async () => {
    const { world, state, write } = await owned();
    expect(await write(back, rolling(state))).toMatchObject({ kind: 'done' });
    expect(world.alias().stamp).toMatchObject({ back: '7', detail: { purpose: 'back', target: '7' } });
  });

  it('to what a person chose leads back there from then on', async () => {
    const { world, state, write } = await owned();
    const keeps = { functionVersion: '6', version: null, champion: v22 };
    const wanted: Effect = { ...setAlias('roll-back', on('6'), null) };
    expect(await write(wanted, { ...rolling(state), keeps })).toMatchObject({ kind: 'done' });
    expect(world.alias().stamp?.back).toBe('6');
  });

  it('does not move users from the version that a person chose', async () => {
    const { world, state, write, marker } = await owned();
    world.makeAlias('live', on('6'), marker({ ...person, target: '6' }, byPerson));
    expect(await write(back, state)).toMatchObject({
      kind: 'went-back',
      elsewhere: false,
      unknown: { functionVersion: '6', writer: 'ffffffff' },
    });
    expect(world.alias().target).toEqual(on('6'));
  });

  it("without the store leaves users where an earlier rollout's rollback brought them", async () => {
    const { world, state, write, marker } = await owned();
    world.makeAlias('live', on('6'), marker({ ...person, target: '6' }, { ...byPerson, rollout: earlier }));
    world.fault = (_index, name) => (name.startsWith('store.') ? 'error-before' : null);
    expect(await write(back, rolling(state))).toMatchObject({ kind: 'done', outcome: { target: on('6') } });
    expect(world.alias().target).toEqual(on('6'));
  });

  const watching = (state: RolloutState): RolloutState =>
    rolling({ ...state, plan: { ...state.plan, strategy: 'watch' } });

  it("of a watch is tried again where the store does not say whether it knows an earlier rollout's rollback", async () => {
    const { world, state, write, marker } = await owned();
    world.makeAlias('live', on('8'), marker({ purpose: 'back', target: '8' }, { rollout: earlier }));
    world.fault = (_index, name) => (name.startsWith('store.') ? 'error-before' : null);
    expect(await write(back, watching(state))).toMatchObject({
      kind: 'failed',
      final: false,
      error:
        'the alias serves Lambda version 8 since r-0 was rolled back, and the store did not answer whether it knows',
    });
    expect(world.alias().target).toEqual(on('8'));
  });

  it("of a watch does not pass for done where an earlier rollout's rollback is unknown", async () => {
    const { world, state, write, marker } = await owned();
    world.makeAlias('live', on('6'), marker({ ...person, target: '6' }, { ...byPerson, rollout: earlier }));
    expect(await write(back, watching(state))).toMatchObject({ kind: 'went-back', elsewhere: true });
    expect(world.alias().target).toEqual(on('6'));
  });

  it('without the store leaves users on the version that a person chose in this rollout', async () => {
    const { world, state, write, marker } = await owned();
    world.makeAlias('live', on('6'), marker({ ...person, target: '6' }, byPerson));
    world.fault = (_index, name) => (name.startsWith('store.') ? 'error-before' : null);
    expect(await write(back, rolling(state))).toMatchObject({ kind: 'went-back', elsewhere: false });
    expect(world.alias().target).toEqual(on('6'));
  });

  it('without the store goes over every other marker that is not newer', async () => {
    const { world, state, write, marker } = await owned();
    world.makeAlias('live', on('8'), marker({ purpose: 'forward', target: '8' }));
    world.fault = (_index, name) => (name.startsWith('store.') ? 'error-before' : null);
    expect(await write(back, rolling(state))).toMatchObject({ kind: 'done', outcome: { target: home } });
  });
});
