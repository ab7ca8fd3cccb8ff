import { describe, expect, it } from 'vitest';
import { verifyStore } from '../../../src/store/embedded.ts';
import type { Store } from '../../../src/ports/store.ts';
import { append, everything, held, R1, request, take } from '../../contract/store/samples.ts';
import { type DiskCall, type FakeDisk, fakeDisk, seeded } from './fake-disk.ts';
import { fileOf, openOn, path } from './story.ts';

/**
 * Several processes over one fake disk, each call of each let go one at a time in an order drawn from the seed; some
 * are killed at a call, even within a write, and at the end the power may be cut. Whoever was told that something was
 * written must find it.
 */
interface Process {
  readonly store: Store;
  readonly acknowledged: string[];
  killed: boolean;
}

const seeds = Array.from({ length: 100 }, (_, seed) => seed);
const place = { stateDir: '/state', environment: 'local', model: 'recs' };

interface Run {
  readonly disk: FakeDisk;
  readonly all: readonly Process[];
  readonly random: () => number;
}

async function run(
  seed: number,
  processes: number,
  writes: number,
  afterStep: (now: Run) => Promise<void> = async () => undefined,
): Promise<Run> {
  const random = seeded(seed);
  const disk = fakeDisk();
  const waiting: (() => void)[] = [];
  const start = (): Process => {
    const gate = (call: DiskCall): Promise<void> =>
      new Promise((resolve, reject) => {
        waiting.push(() => {
          if (seed % 3 === 0 && random() < (call === 'write-rest' ? 0.05 : 0.01)) process.killed = true;
          // The dead get no answer and do nothing more; what was half written stays so.
          if (process.killed) reject(new Error('killed'));
          else resolve();
        });
      });
    const process: Process = { store: openOn(disk.seenBy(gate)), acknowledged: [], killed: false };
    return process;
  };
  const all = Array.from({ length: processes }, start);
  const failures: unknown[] = [];
  for (const [n, process] of all.entries()) {
    write(process, n, writes).catch((error: unknown) => {
      if (!process.killed) failures.push(error);
    });
  }
  await quiet();
  while (waiting.length > 0) {
    waiting.splice(Math.floor(random() * waiting.length), 1)[0]!();
    await quiet();
    await afterStep({ disk, all, random });
  }
  expect(failures, `seed ${seed}`).toEqual([]);
  return { disk, all, random };
}

async function write({ store, acknowledged }: Process, n: number, writes: number): Promise<void> {
  await take(store, `p${n}`, 1);
  for (let written = 0; written < writes; written++) {
    const name = `p${n}-${written}`;
    if (written % 3 === 2) {
      await store.post(R1, request(name));
    } else {
      await untilAppended(store, name);
    }
    acknowledged.push(name);
  }
}

async function untilAppended(store: Store, name: string): Promise<void> {
  for (;;) {
    const { token } = await store.lock();
    const length = (await store.journal(R1)).length;
    const outcome = await append(store, token, length, { entries: [held(name)] });
    if (outcome.kind === 'appended') return;
  }
}

/** Lets everything run that waits for no gate. */
const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function namesIn(store: Store): Promise<string[]> {
  const journal = await store.journal(R1);
  expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, index) => index));
  const inbox = await store.inbox(R1, 0);
  return [
    ...journal.flatMap((entry) => (entry.kind === 'held' ? [entry.why] : [])),
    ...inbox.map(({ id }) => id),
  ];
}

async function expectKept(disk: FakeDisk, all: readonly Process[]): Promise<void> {
  const reader = openOn(disk);
  const names = await namesIn(reader);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(all.flatMap(({ acknowledged }) => acknowledged)));
  await reader.post(R1, request('next'));
  expect((await openOn(disk).inbox(R1, 0)).at(-1)).toEqual(request('next'));
  expect(await verifyStore({ ...place, fs: disk })).not.toHaveProperty('problem');
}

describe('processes that write at once', () => {
  it('lose nothing and agree, in any order, killed anywhere', async () => {
    const seen = { lost: 0, torn: 0, killed: 0 };
    for (const seed of seeds) {
      const { disk, all } = await run(seed, 2 + (seed % 3), 6);
      await expectKept(disk, all);
      const { lost, torn } = await verifyStore({ ...place, fs: disk });
      const killed = all.filter((process) => process.killed).length;
      seen.lost += lost;
      seen.torn += torn;
      seen.killed += killed;
      if (killed === 0) expect(all.map(({ acknowledged }) => acknowledged.length)).toEqual(all.map(() => 6));
    }
    // Else the test would have shown nothing.
    expect(Math.min(seen.lost, seen.torn, seen.killed)).toBeGreaterThan(5);
  });

  it('lose nothing that was acknowledged when the power is cut at any step', async () => {
    let cuts = 0;
    for (const seed of seeds) {
      await run(seed, 3, 4, async ({ disk, all, random }) => {
        if (random() > 0.05) return;
        await expectKept(disk.afterPowerCut(random), all);
        cuts++;
      });
    }
    expect(cuts).toBeGreaterThan(300);
  });
});

describe('a store that stays open', () => {
  it('reads on correctly wherever the last look ended', async () => {
    for (const seed of seeds.slice(0, 40)) {
      const { disk, random } = await run(seed, 3, 5);
      const whole = fileOf(disk);
      const shown = fakeDisk({ [path]: Buffer.alloc(0) });
      const follower = openOn(shown);
      for (let length = 0; length < whole.length; length += Math.floor(random() * 200)) {
        shown.files.get(path)!.bytes = whole.subarray(0, length);
        await follower.lock();
      }
      shown.files.get(path)!.bytes = whole;
      expect(await everything(follower)).toEqual(await everything(openOn(disk)));
    }
  });
});
