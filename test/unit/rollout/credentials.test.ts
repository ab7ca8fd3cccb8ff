import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/domain/journal.ts';
import { rolloutId } from '../../../src/domain/units.ts';
import { standingOf } from '../../../src/rollout/credentials.ts';
import { drive } from '../../../src/rollout/drive.ts';
import { start, takeOver } from '../../../src/rollout/own.ts';
import { openMemoryStore } from '../../../src/store/memory.ts';
import { actor, type ModelWorld, modelWorld, seedRegistry, startOf } from '../../support/model-world.ts';

const id = rolloutId('r-1');
const never = new AbortController().signal;
const isAws = (name: string): boolean => !name.startsWith('store.');

/** Users' first share is there, and AWS accepts this owner's credentials no more; the store does. */
async function powerless(): Promise<{
  readonly world: ModelWorld;
  readonly store: ReturnType<typeof openMemoryStore>;
  readonly driving: (onEntry: (entry: Entry) => Promise<void> | void) => ReturnType<typeof drive>;
}> {
  const world = modelWorld();
  await seedRegistry(world);
  const store = openMemoryStore(world.place);
  return {
    world,
    store,
    async driving(onEntry) {
      const ports = {
        ...world.ports,
        onEntry: (entry: Entry, state: Parameters<typeof world.ports.onEntry>[1]) => {
          world.ports.onEntry(entry, state);
          void onEntry(entry);
        },
      };
      return drive(ports, await start(ports, id, startOf()), { signal: never });
    },
  };
}

const expire = (world: ModelWorld): void => {
  world.reading = () => ({
    kind: 'unreadable',
    why: 'the token is expired',
    denied: false,
    credentials: true,
  });
  world.fault = (_index, name) => (isAws(name) && name !== 'metrics.read' ? 'expired' : null);
};
const renew = (world: ModelWorld): void => {
  world.reading = null;
  world.fault = () => null;
};

describe('an owner whose credentials are dead', () => {
  it('clears the owner of the lock, comes back under a new token, and fences before it goes on', async () => {
    const { world, store, driving } = await powerless();
    const owners: (string | undefined)[] = [];
    let unreadable = 0;
    const result = await driving(async (entry) => {
      if (entry.kind === 'observed' && unreadable === 0) expire(world);
      if (entry.kind !== 'unreadable') return;
      owners.push((await store.lock()).owner?.name);
      if (++unreadable === 4) renew(world);
    });
    expect(result).toMatchObject({ kind: 'ended', outcome: { kind: 'succeeded' } });
    // Known dead by the first of them, released after that tick.
    expect(owners).toEqual(['ana', undefined, undefined, undefined]);
    const entries = await store.journal(id);
    const back = entries.findIndex(({ kind }) => kind === 'owned');
    expect(entries[back]).toMatchObject({ token: 2, by: { name: 'ana' } });
    const next = entries.slice(back).find(({ kind }) => kind === 'intent' || kind === 'step-done');
    expect(next).toMatchObject({ kind: 'intent', effect: { purpose: 'fence' } });
  });

  it('leaves the rollout to whoever has come meanwhile', async () => {
    const { world, store, driving } = await powerless();
    let unreadable = 0;
    let revision: string | undefined;
    const result = await driving(async (entry) => {
      if (entry.kind === 'observed' && unreadable === 0) expire(world);
      if (entry.kind !== 'unreadable' || ++unreadable !== 2) return;
      renew(world);
      revision = world.alias().revisionId;
      await takeOver({ ...world.ports, store }, id, actor('bob'), { alias: 'live' });
    });
    expect(result).toMatchObject({ kind: 'lost' });
    expect((await store.lock()).owner?.name).toBe('bob');
    expect(world.alias().revisionId).toBe(revision);
  });

  it('leaves it also to somebody who came, and holds the lock no more', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    const { ports } = world;
    const journal = await start(ports, id, startOf());
    const at = ports.clock.now();
    const blind = {
      kind: 'unreadable',
      why: 'the token is expired',
      denied: false,
      credentials: true,
    } as const;
    await journal.append(at, [blind]);
    const standing = standingOf(ports, journal);
    await standing.yield();
    await ports.store.acquire({ owner: actor('bob'), rollout: id, takeOver: false, at });
    await ports.store.release(2);
    expect(await standing.regain()).toBe(true);
    expect(await ports.store.lock()).toMatchObject({ token: 2, owner: null });
  });
});

describe('a lock whose owner was killed before its first entry', () => {
  it('stands in the way of nobody for longer than a heartbeat', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    const at = world.ports.clock.now();
    await world.ports.store.acquire({ owner: actor('bob'), rollout: rolloutId('r-0'), takeOver: false, at });
    const journal = await start(world.ports, id, startOf());
    expect(journal.token).toBe(2);
    expect(world.ports.clock.now() - at).toBeLessThanOrEqual(5_000);
  });

  it('is kept by an owner who shows a sign of life', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    const at = world.ports.clock.now();
    const { store, clock } = world.ports;
    const { lock } = await store.acquire({
      owner: actor('bob'),
      rollout: rolloutId('r-0'),
      takeOver: false,
      at,
    });
    const slow = {
      ...world.ports,
      clock: {
        ...clock,
        sleepUntil: async (until: typeof at) => {
          await store.beat(lock.token);
          await clock.sleepUntil(until);
        },
      },
    };
    await expect(start(slow, id, startOf())).rejects.toMatchObject({ fault: 'conflict' });
    expect(await store.lock()).toMatchObject({ token: 1, owner: { name: 'bob' } });
  });

  it('is left to whoever took it right after the last look', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    const { store, clock } = world.ports;
    const at = clock.now();
    await store.acquire({ owner: actor('bob'), rollout: rolloutId('r-0'), takeOver: false, at });
    const racing = {
      ...world.ports,
      store: new Proxy(store, {
        get: (target, name: keyof typeof store) =>
          name !== 'lock'
            ? Reflect.get(target, name)
            : async () => {
                const seen = await store.lock();
                const taken = { owner: actor('cat'), rollout: rolloutId('r-2'), takeOver: true, at };
                if (clock.now() > at && seen.token === 1) await store.acquire(taken);
                return seen;
              },
      }),
    };
    await expect(start(racing, id, startOf())).rejects.toThrow(/is owned by cat/);
    expect(await store.lock()).toMatchObject({ token: 2, owner: { name: 'cat' } });
  });
});
