import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/domain/journal.ts';
import { rolloutId } from '../../../src/domain/units.ts';
import { PlatformError, type PlatformFailure } from '../../../src/ports/platform.ts';
import type { Store } from '../../../src/ports/store.ts';
import { drive } from '../../../src/runner/drive.ts';
import { start } from '../../../src/runner/own.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
import { rollback } from '../../../src/strategies/rollback.ts';
import {
  canarySettings,
  type ModelWorld,
  modelWorld,
  readOnlyStore,
  seedRegistry,
  startOf,
  v23,
} from '../../support/model-world.ts';

const id = rolloutId('r-1');
const never = new AbortController().signal;
const expired: PlatformFailure = { kind: 'credentials', message: 'the security token is expired' };
const silent: PlatformFailure = { kind: 'unknown', message: 'DynamoDB does not answer' };

/** A store that fails while `isOut` says so, before or after it did what was asked. */
function failingStore(store: Store, isOut: (name: string) => PlatformFailure | null, after = false): Store {
  return new Proxy(store, {
    get:
      (target, name: keyof Store) =>
      async (...args: never[]) => {
        const failure = isOut(name);
        if (failure !== null && !after) throw new PlatformError(failure);
        const answer = await (target[name] as (...all: never[]) => Promise<unknown>)(...args);
        if (failure !== null) throw new PlatformError(failure);
        return answer;
      },
  });
}

interface Run {
  readonly world: ModelWorld;
  readonly told: string[];
  readonly names: string[];
}

async function prepare(): Promise<Run> {
  const world = modelWorld();
  await seedRegistry(world);
  return { world, told: [], names: [] };
}

const isBaking = (entry: Entry): boolean => entry.kind === 'observed';

describe('in mid-rollout', () => {
  it.each([
    ['expired credentials', expired, false],
    ['a store that does not answer', silent, false],
    ['a store whose replies are lost', silent, true],
  ])('%s fail no gate: it stands still and goes on', async (_what, failure, after) => {
    const { world, told } = await prepare();
    let out = 0;
    let began = false;
    const store = failingStore(world.ports.store, () => (out > 0 && out-- > 0 ? failure : null), after);
    const ports = {
      ...world.ports,
      store,
      onEntry: (entry: Entry) => {
        if (!began && isBaking(entry)) out = 3;
        began ||= isBaking(entry);
      },
    };
    const journal = await start(ports, id, startOf());
    const result = await drive(ports, journal, { signal: never, onOutage: (why) => told.push(why) });
    expect(result).toMatchObject({ kind: 'ended', outcome: { kind: 'succeeded' } });
    expect(told.length).toBeGreaterThan(0);
    expect(told[0]).toBe(failure.message);
    const kinds = (await openMemoryStore(world.place).journal(id)).map(({ kind }) => kind);
    expect(kinds).not.toContain('rolling-back');
  });

  it('an outage has a limit, and is no bug', async () => {
    const { world } = await prepare();
    let began = false;
    const store = failingStore(world.ports.store, () => (began ? expired : null));
    const ports = { ...world.ports, store, onEntry: (entry: Entry) => void (began ||= isBaking(entry)) };
    const journal = await start(ports, id, startOf());
    await expect(drive(ports, journal, { signal: never })).rejects.toMatchObject({ failure: expired });
  });
});

describe('on the way back', () => {
  it('a store that fails is asked once before the alias is written, and holds nothing up', async () => {
    const { world, names } = await prepare();
    world.behaviour[v23] = { errors: 0.4, latencyMs: 20 };
    let out = false;
    const store = failingStore(world.ports.store, (name) => {
      if (out) names.push(`store.${name}`);
      return out ? silent : null;
    });
    const { platform } = world.ports;
    const ports = {
      ...world.ports,
      platform: {
        ...platform,
        writeAlias: async (...args: Parameters<typeof platform.writeAlias>) => {
          if (out) names.push('writeAlias');
          out = false;
          return platform.writeAlias(...args);
        },
      },
      // The verdict is the last that the store takes.
      store: new Proxy(store, {
        get: (target, name: keyof Store) => {
          if (name !== 'append') return Reflect.get(target, name);
          return async (request: Parameters<Store['append']>[0]) => {
            if (request.entries.some(({ kind }) => kind === 'rolling-back') && !names.includes('writeAlias'))
              out = true;
            return target.append(request);
          };
        },
      }),
    };
    const journal = await start(ports, id, startOf());
    const result = await drive(ports, journal, { signal: never });
    expect(result).toMatchObject({ kind: 'ended', outcome: { kind: 'rolled-back' } });
    expect(names).toEqual(['store.append', 'writeAlias']);
    expect(world.alias().target).toEqual({ functionVersion: '7', weights: {} });
    const journaled = await openMemoryStore(world.place).journal(id);
    expect(journaled.map(({ seq }) => seq)).toEqual(journaled.map((_, index) => index));
    expect(journaled.at(-1)).toMatchObject({ kind: 'ended' });
  });
});

describe('a store that can be read and not written', () => {
  /** From the first entry that fits on; the longest time that the rollout went on after it is returned, ms. */
  async function cutOff(
    world: ModelWorld,
    fits: (entry: Entry) => boolean,
    wanted: Parameters<typeof start>[2],
  ): Promise<{ readonly result: unknown; readonly afterMs: number }> {
    let since: number | null = null;
    let moved = 0;
    const { platform, clock } = world.ports;
    const ports = {
      ...world.ports,
      platform: {
        ...platform,
        writeAlias: async (...args: Parameters<typeof platform.writeAlias>) => {
          moved = clock.now();
          return platform.writeAlias(...args);
        },
      },
      onEntry: (entry: Entry) => {
        if (since !== null || !fits(entry)) return;
        since = clock.now();
        world.fault = readOnlyStore;
      },
    };
    const journal = await start(ports, id, wanted);
    const result = await drive(ports, journal, { signal: never }).catch((error: unknown) => error);
    return { result, afterMs: moved - (since ?? 0) };
  }

  it('lets the owner judge on in memory, and roll back on a breach', async () => {
    const { world } = await prepare();
    const isBad = (entry: Entry): boolean => {
      if (isBaking(entry)) world.behaviour[v23] = { errors: 0.5, latencyMs: 20 };
      return isBaking(entry);
    };
    const { result, afterMs } = await cutOff(world, isBad, startOf({ unreadableMs: 600_000 }));
    expect(result).toMatchObject({ outcome: { kind: 'rolled-back', cause: { kind: 'verdict' } } });
    expect(world.alias().target).toEqual({ functionVersion: '7', weights: {} });
    expect(afterMs).toBeLessThan(20_000);
  });

  it('takes users off a version that nobody can promote when the outage has lasted too long', async () => {
    const { world } = await prepare();
    const { result, afterMs } = await cutOff(world, isBaking, startOf());
    expect(result).toMatchObject({ outcome: { kind: 'rolled-back', cause: { kind: 'step-failed' } } });
    expect(world.alias().target).toEqual({ functionVersion: '7', weights: {} });
    expect(afterMs).toBeLessThan(40_000);
  });

  it('takes no champion away', async () => {
    const { world } = await prepare();
    const { result } = await cutOff(world, ({ kind }) => kind === 'labelled', startOf());
    expect(result).toMatchObject({ fault: 'unavailable' });
    expect(world.alias().target.functionVersion).not.toBe('7');
  });

  it('undoes no rollback that a person asked for', async () => {
    const { world } = await prepare();
    world.publishAs('5', {});
    const plan = rollback({ ...canarySettings(), returnsTo: { functionVersion: '5' }, smokeFirst: false });
    const isMoved = (entry: Entry): boolean => entry.kind === 'result' && entry.outcome.kind === 'alias';
    const { result } = await cutOff(world, isMoved, { ...startOf(), plan });
    expect(result).toMatchObject({ fault: 'unavailable' });
    expect(world.alias().stamp?.detail?.purpose).not.toBe('back');
  });
});
