import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/domain/journal.ts';
import { instant, rolloutId } from '../../../src/domain/units.ts';
import { PlatformError } from '../../../src/ports/platform.ts';
import { standingOf } from '../../../src/runner/credentials.ts';
import { drive } from '../../../src/runner/drive.ts';
import { start, takeOver } from '../../../src/runner/own.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
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
    await ports.clock.sleepUntil(instant(at + 5_000));
    expect(await standing.regain()).toBe(true);
    expect(await ports.store.lock()).toMatchObject({ token: 2, owner: null });
  });
});

describe('an owner whose write of the alias fails', () => {
  const failing = (kind: 'denied' | 'credentials' | 'throttled' | 'unknown') =>
    new PlatformError(
      kind === 'denied'
        ? { kind, action: 'lambda:UpdateAlias', message: 'UpdateAlias is denied' }
        : { kind, message: kind },
    );

  /** The store's owner after each failed write; from `until` on AWS takes them again. */
  async function driven(kind: Parameters<typeof failing>[0], until: number) {
    const { world, store } = await powerless();
    const owners: (string | undefined)[] = [];
    const { platform } = world.ports;
    let failures = 0;
    let probes = 0;
    const ports = {
      ...world.ports,
      platform: {
        ...platform,
        writeAlias: async (...args: Parameters<typeof platform.writeAlias>) => {
          const [, { stamp, revisionId }] = args;
          const isProbe = /^[0-]+$/.test(revisionId);
          if (isProbe) probes++;
          if (failures < until && (isProbe || stamp.detail?.purpose !== 'fence')) {
            if (!isProbe) failures++;
            throw failing(kind);
          }
          return platform.writeAlias(...args);
        },
      },
      onEntry: (entry: Entry) => {
        if (entry.kind === 'failed' || entry.kind === 'intent')
          void store.lock().then(({ owner }) => owners.push(owner?.name));
      },
    };
    const result = await drive(ports, await start(ports, id, startOf()), { signal: never });
    return { world, store, result, owners, probes, failures };
  }

  it.each(['throttled', 'unknown'] as const)('keeps the lock where that is %s', async (kind) => {
    const { owners, store } = await driven(kind, 2);
    expect(owners).not.toContain(undefined);
    const entries = await store.journal(id);
    expect(entries.filter(({ kind: what }) => what === 'owned')).toEqual([]);
    expect(entries.filter(({ kind: what }) => what === 'failed').length).toBeGreaterThan(0);
  });

  it.each(['denied', 'credentials'] as const)(
    'clears the owner of the lock where that is %s, and asks without a change whether it may again',
    async (kind) => {
      const { world, owners, store, result, probes } = await driven(kind, 2);
      expect(owners).toContain(undefined);
      expect(probes).toBeGreaterThan(0);
      expect(result.kind).toBe('ended');
      const entries = await store.journal(id);
      expect(entries.find(({ kind: what }) => what === 'failed')).toMatchObject(
        kind === 'denied' ? { denied: true } : { credentials: true },
      );
      const back = entries.findIndex(({ kind: what }) => what === 'owned');
      expect(entries[back]).toMatchObject({ token: 2, by: { name: 'ana' } });
      expect(entries.slice(back).find(({ kind: what }) => what === 'intent')).toMatchObject({
        effect: { purpose: 'fence' },
      });
      expect(world.alias().stamp).toMatchObject({ token: 2 });
    },
  );
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
