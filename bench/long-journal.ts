import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDynamoLog } from '../src/aws/dynamo-log.ts';
import type { Item, Put, Table } from '../src/aws/dynamo-table.ts';
import { instant, rolloutId } from '../src/domain/units.ts';
import type { Store } from '../src/ports/store.ts';
import { rolloutData } from '../src/reporting/rollout-view.ts';
import { viewOf } from '../src/view/view.ts';
import { readState } from '../src/runner/journal-writer.ts';
import { lookAt } from '../src/runner/look.ts';
import { abort, start } from '../src/runner/own.ts';
import { keepSnapshot, knownState } from '../src/runner/snapshot.ts';
import { tick } from '../src/runner/tick.ts';
import { verdictOn } from '../src/engine/verdict-on.ts';
import { openStore } from '../src/store/embedded.ts';
import { type FileSystem, nodeFileSystem } from '../src/store/file-system.ts';
import { storeOverLog } from '../src/store/rules/store-over-log.ts';
import { actor, type ModelWorld, modelWorld, seedRegistry, startOf } from '../test/support/model-world.ts';
import { median, table } from './machine.ts';

const id = rolloutId('r-1');
const never = new AbortController().signal;
const sizes = [100, 100_000] as const;

/** A rollout in its bake, with so many entries in its journal. */
interface Bake {
  readonly world: ModelWorld;
  /** As another process opens it. */
  open(): Store;
  end(): void;
}

/** What `status` and `abort` do with a long journal, in a store that was just opened, beside a short one. */
export async function longJournal(_root: string, rounds: number): Promise<string> {
  const rows: string[][] = [];
  for (const kind of ['embedded', 'DynamoDB, table in memory'] as const) {
    const bakes = [];
    for (const size of sizes) {
      bakes.push(await bakeOf(kind, size));
    }
    for (const [what, act] of [
      ['status', status],
      ['status, journal read whole', statusWhole],
      ['abort', rollBack],
    ] as const) {
      const times: number[][] = sizes.map(() => []);
      const most = act === statusWhole ? 3 : Math.max(rounds, 15);
      for (let round = -2; round < most; round++) {
        for (const [index, bake] of bakes.entries()) {
          globalThis.gc?.();
          const began = performance.now();
          await act(bake);
          if (round >= 0) times[index]!.push(performance.now() - began);
        }
      }
      const [short = 0, long = 0] = times.map(median);
      rows.push([kind, what, short.toFixed(2), long.toFixed(2), (long / short).toFixed(2)]);
    }
    for (const bake of bakes) bake.end();
  }
  return table(['store', 'what', '100 entries, ms', '100,000 entries, ms', 'ratio'], rows);
}

async function status({ world, open }: Bake): Promise<void> {
  const store = open();
  await store.lock();
  await store.versions();
  const [newest = id] = await store.rollouts();
  const state = await knownState(store, newest);
  if (state === null) throw new Error('there is no rollout');
  await lookAt(store, world.alias());
  JSON.stringify([rolloutData(viewOf(state, [], state.writtenAt)), verdictOn(state)]);
}

/** As it was before there were snapshots. */
async function statusWhole({ open }: Bake): Promise<void> {
  const store = open();
  const state = await readState(store, id);
  JSON.stringify([rolloutData(viewOf(state, [], state.writtenAt)), verdictOn(state)]);
}

/** One that has ended is taken up once more: the same reads and writes each time. */
async function rollBack({ world, open }: Bake): Promise<void> {
  const cause = { kind: 'abort', by: 'bob', sentence: 'aborted by bob' } as const;
  const result = await abort({ ...world.ports, store: open() }, id, actor('bob'), cause, {
    alias: 'live',
    signal: never,
  });
  if (result.kind !== 'ended') throw new Error(`it came to ${result.kind}`);
}

async function bakeOf(kind: string, size: number): Promise<Bake> {
  const world = modelWorld();
  await seedRegistry(world);
  const { open, end } = kind === 'embedded' ? embedded() : dynamo(world);
  const store = open(true);
  for (const record of await world.ports.store.versions()) await store.register(record);
  const ports = { ...world.ports, store };
  const journal = await start(ports, id, startOf({ bakeMs: 10 * size * 1_000 }));
  while (journal.state().route?.kind !== 'split') {
    await tick(ports, journal);
    world.advance(1_000);
  }
  await tick(ports, journal);
  const { token } = journal;
  let { length } = journal.state();
  let at = world.ports.clock.now();
  // Real bakes write each tick by itself; several in one record only make the bench begin sooner.
  const each = size > 1_000 ? 10 : 1;
  while (length < size) {
    const count = Math.min(each, size - length);
    const entries = Array.from({ length: count }, () => {
      at = instant(at + 1_000);
      return {
        kind: 'observed' as const,
        observations: [
          {
            at,
            tickMs: 1_000,
            plannedPercent: 10,
            champion: { requests: 180, errors: 0, throttles: 0, meanLatencyMs: 20 },
            challenger: { requests: 20, errors: 0, throttles: 0, meanLatencyMs: 20 },
          },
        ],
      };
    });
    await store.append({ rollout: id, token, length, at, entries });
    length += count;
    if (length % 256 < count && length > 256) await keepAt(store, length, size);
  }
  await store.release(token);
  return { world, open: () => open(false), end };
}

/** Only the last snapshot is read; an owner keeps one every 256 entries. */
async function keepAt(store: Store, length: number, size: number): Promise<void> {
  if (size - length >= 256) return;
  const state = await readState(store, id);
  await keepSnapshot(store, state, verdictOn(state), length - 256);
}

function embedded() {
  const dir = mkdtempSync(join(tmpdir(), 'mlreg-bench-'));
  const place = { stateDir: dir, environment: 'bench', model: 'recs' };
  const unsynced: FileSystem = {
    ...nodeFileSystem,
    async open(path, flags, mode) {
      const file = await nodeFileSystem.open(path, flags, mode);
      return {
        read: (into, at, length, position) => file.read(into, at, length, position),
        write: (bytes) => file.write(bytes),
        datasync: () => Promise.resolve(),
        sync: () => Promise.resolve(),
        close: () => file.close(),
      };
    },
  };
  return {
    open: (fast: boolean) => openStore(fast ? { ...place, fs: unsynced } : place),
    end: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** The DynamoDB store over a table in memory, which finds items as DynamoDB does: by key, and in the order of keys. */
function dynamo(world: ModelWorld) {
  const table = memoryTable();
  let opened = 0;
  const place = { table, environment: 'bench', model: 'recs', clock: world.ports.clock };
  return {
    open: () => {
      const writer = String(++opened).padStart(16, '0');
      return storeOverLog(createDynamoLog({ ...place, writer }), writer);
    },
    end: () => undefined,
  };
}

function memoryTable(): Table {
  const items = new Map<string, Map<string, Item>>();
  const keys = new Map<string, string[]>();
  const place = (sorted: readonly string[], sk: string): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sorted[middle]! < sk) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const range = (pk: string, from: string, to: string): Item[] => {
    const sorted = keys.get(pk) ?? [];
    const found: Item[] = [];
    for (let i = place(sorted, from); i < sorted.length && sorted[i]! <= to; i++)
      found.push(structuredClone(items.get(pk)!.get(sorted[i]!)!));
    return found;
  };
  const holds = ({ item, over }: Put): boolean => {
    const known = items.get(item.pk)?.get(item.sk);
    if (over === undefined) return true;
    if (over === null) return known === undefined;
    return known !== undefined && Object.entries(over).every(([name, value]) => known[name] === value);
  };
  return {
    get: async (pk, sk) => structuredClone(items.get(pk)?.get(sk)),
    range: async (pk, from, to) => range(pk, from, to),
    last: async (pk, from, to) => range(pk, from, to).at(-1),
    put: async (puts) => {
      if (!puts.every(holds)) return { kind: 'refused' };
      for (const { item } of puts) {
        const { pk, sk } = item;
        if (!items.has(pk)) {
          items.set(pk, new Map());
          keys.set(pk, []);
        }
        const partition = items.get(pk)!;
        const sorted = keys.get(pk)!;
        if (!partition.has(sk)) sorted.splice(place(sorted, sk), 0, sk);
        partition.set(sk, structuredClone(item));
      }
      return { kind: 'written' };
    },
  };
}
