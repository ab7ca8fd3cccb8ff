import { describe, expect, it } from 'vitest';
import type { MarkerDetail, Outcome, Stamp } from '../../../src/domain/journal.ts';
import { rolloutId } from '../../../src/domain/units.ts';
import { start, takeOver } from '../../../src/runner/own.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
import {
  actor,
  type ModelWorld,
  modelWorld,
  seedRegistry,
  startOf,
  v22,
  v23,
} from '../../support/model-world.ts';
import { on, plan, started } from '../engine/story.ts';

const id = rolloutId('r-1');
const earlier = rolloutId('r-0');
const succeeded: Outcome = { kind: 'succeeded', sentence: 'serves 100 %' };

/** An environment with one earlier rollout, which has ended or not; nobody holds the lock. */
async function after(outcome: Outcome | null): Promise<ModelWorld> {
  const world = modelWorld();
  await seedRegistry(world);
  const store = openMemoryStore(world.place);
  const at = world.ports.clock.now();
  await store.acquire({ owner: actor(), rollout: earlier, takeOver: false, at });
  const ended = outcome === null ? [] : [{ kind: 'ended', outcome } as const];
  await store.append({ rollout: earlier, token: 1, length: 0, at, entries: [started(plan), ...ended] });
  await store.release(1);
  return world;
}

/** The marker of a person's rollback by the alias alone, out of the earlier rollout. */
async function byPerson(world: ModelWorld): Promise<Stamp> {
  const { store } = await openMemoryStore(world.place).lock();
  const detail: MarkerDetail = {
    store: { id: store?.id ?? '', epoch: store?.epoch ?? 0 },
    purpose: 'blind',
    writer: 'ffffffff',
    target: '7',
  };
  return { environment: 'local', token: 1, seq: 0, rollout: earlier, back: '7', detail };
}

const change = async (world: ModelWorld, version: typeof v22, set: object): Promise<void> => {
  const store = openMemoryStore(world.place);
  const { token } = await store.lock();
  expect(await store.change(token, [{ version, set }])).toBe(true);
};

describe('a rollout does not begin', () => {
  it.each<[string, (world: ModelWorld) => Promise<void> | void, RegExp]>([
    [
      "over a person's rollback that the registry does not know",
      async (world) => world.makeAlias('live', on('7'), await byPerson(world)),
      /rolled back while the store was out of reach/,
    ],
    [
      'on an endpoint that was retired',
      (world) => {
        const { name } = startOf().endpoints[v23] ?? { name: '' };
        return change(world, v23, { tombstone: { at: world.ports.clock.now(), endpoint: name } });
      },
      /the endpoint of v2.3.0 was retired meanwhile/,
    ],
    [
      'from another champion than its plan knows',
      async (world) => {
        await change(world, v22, { status: 'archived' });
        await change(world, v23, { status: 'champion', functionVersion: '7' });
      },
      /v2.3.0 became champion meanwhile/,
    ],
    [
      'on an alias that somebody has moved',
      (world) => world.meddle(on('9')),
      /alias live was moved meanwhile/,
    ],
  ])('%s', async (_what, prepare, sentence) => {
    const world = await after(succeeded);
    await prepare(world);
    await expect(start(world.ports, id, startOf())).rejects.toThrow(sentence);
    const store = openMemoryStore(world.place);
    expect([await store.journal(id), (await store.lock()).owner]).toEqual([[], null]);
  });

  it('beside one that has not ended', async () => {
    const world = await after(null);
    await expect(start(world.ports, id, startOf())).rejects.toThrow('rollout r-0 began meanwhile');
  });

  it('over a rollback that was made between the look and the lock', async () => {
    const world = await after(succeeded);
    const stamp = await byPerson(world);
    world.fault = (_index, name) => {
      if (name === 'store.acquire') world.makeAlias('live', on('7'), stamp);
      return null;
    };
    await expect(start(world.ports, id, startOf())).rejects.toThrow(/rolled back while the store/);
  });

  it('while another one holds the lock, which keeps it', async () => {
    const world = await after(succeeded);
    await start(world.ports, id, startOf());
    const { token } = await openMemoryStore(world.place).lock();
    await expect(start(world.ports, rolloutId('r-2'), startOf())).rejects.toThrow(/is owned by ana/);
    expect(await openMemoryStore(world.place).lock()).toMatchObject({ token, rollout: id });
  });
});

describe('users', () => {
  it('are drawn anew by each rollout: its salt is its own', async () => {
    const world = await after(succeeded);
    let drawn = 0;
    const ports = { ...world.ports, ids: { ...world.ports.ids, salt: () => `salt ${++drawn}` } };
    const salts: string[] = [];
    for (const name of ['r-1', 'r-2']) {
      const journal = await start(ports, rolloutId(name), startOf());
      salts.push(journal.state().salt);
      await journal.append(world.ports.clock.now(), [{ kind: 'ended', outcome: succeeded }]);
      await world.ports.store.release(journal.token);
    }
    expect(salts).toEqual(['salt 1', 'salt 2']);
  });
});

describe('a takeover', () => {
  it('leaves the rollout to whoever has come since its owner was looked at', async () => {
    const world = await after(succeeded);
    const { token } = await start(world.ports, id, startOf());
    await takeOver(world.ports, id, actor('bob'), { alias: 'live' });
    const late = takeOver(world.ports, id, actor('cat'), { alias: 'live', ifToken: token });
    await expect(late).rejects.toThrow('r-1 was taken over by bob at the same moment');
    expect((await openMemoryStore(world.place).lock()).owner?.name).toBe('bob');
  });

  it('takes a token that is larger than the one on the alias', async () => {
    const world = await after(succeeded);
    await start(world.ports, id, startOf());
    // A person's rollback by a version of mlreg that made up its token.
    world.makeAlias('live', on('7'), {
      ...{ environment: 'local', token: 99, seq: 0, rollout: id, back: '7' },
    });
    const journal = await takeOver(world.ports, id, actor('bob'), { alias: 'live' });
    expect(journal.token).toBe(100);
  });

  it('of a rollout that is over is refused while another is under way', async () => {
    const world = await after(succeeded);
    await start(world.ports, id, startOf());
    await expect(takeOver(world.ports, earlier, actor('bob'), { alias: 'live' })).rejects.toThrow(
      'r-0 is over, and r-1 is under way',
    );
    expect((await openMemoryStore(world.place).lock()).owner?.name).toBe('ana');
  });
});
