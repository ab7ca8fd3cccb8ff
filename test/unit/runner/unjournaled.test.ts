import { describe, expect, it } from 'vitest';
import type { Observation, Reading } from '../../../src/domain/observation.ts';
import { type Instant, instant, later } from '../../../src/domain/units.ts';
import type { Metrics, MetricsQuery } from '../../../src/ports/index.ts';
import { openJournal } from '../../../src/runner/journal-writer.ts';
import { judgeInMemory, unjournaled } from '../../../src/runner/unjournaled.ts';
import type { RolloutState } from '../../../src/engine/state.ts';
import { memoryPlace, openMemoryStore } from '../../support/memory-store.ts';
import { actor, readOnlyStore } from '../../support/model-world.ts';
import { serving } from '../../support/cli-world.ts';
import { atStep, began, id, observation, stepOf } from '../engine/story.ts';

const tickMs = 1_000;

/** A bake at 10 % that goes well until `badFrom`; every window that was asked for is kept. */
function bakeAt(badFrom = Infinity) {
  const { state } = atStep(stepOf.bake10);
  const asked: MetricsQuery[] = [];
  let now: Instant = began;
  const metrics: Metrics = {
    read: async (query): Promise<Reading> => {
      asked.push(query);
      const observations: Observation[] = [];
      for (let at = query.from + tickMs; at <= query.to; at += tickMs)
        observations.push(observation(at >= badFrom ? 20 : 0, instant(at)));
      return { kind: 'read', observations };
    },
  };
  const clock = { now: () => now, sleepUntil: async () => undefined };
  return {
    state,
    asked,
    ports: { metrics, clock },
    at: (ms: number) => void (now = later(began, ms)),
  };
}

const ticksOf = (entries: readonly { readonly kind: string }[]): readonly number[] =>
  entries.flatMap((entry) =>
    entry.kind === 'observed'
      ? (entry as unknown as { observations: readonly Observation[] }).observations.map(({ at }) => at)
      : [],
  );

describe('judging in memory', () => {
  it('reads no tick twice', async () => {
    const { state, asked, ports, at } = bakeAt();
    const memory = unjournaled();
    for (let second = 1; second <= 60; second++) {
      at(second * tickMs);
      expect(await judgeInMemory(ports, state, memory)).toBeNull();
    }
    const windows = asked.reduce((sum, { from, to }) => sum + (to - from) / tickMs, 0);
    const ticks = ticksOf(memory.entries());
    expect(ticks.length).toBeGreaterThan(50);
    expect(new Set(ticks).size).toBe(ticks.length);
    expect(windows).toBe(ticks.length);
  });

  it('finds a breach that begins after more ticks than one look reads', async () => {
    const { state, ports, at } = bakeAt(began + 1_200_000);
    const memory = unjournaled();
    let danger: Awaited<ReturnType<typeof judgeInMemory>> = null;
    let second = 0;
    while (danger === null && second < 1_400) {
      second += 10;
      at(second * tickMs);
      danger = await judgeInMemory(ports, state, memory);
    }
    expect(second).toBeGreaterThan(1_200);
    expect(second).toBeLessThan(1_300);
    expect(danger?.map(({ kind }) => kind)).toEqual([
      'observed',
      'observed',
      'observed',
      'verdict',
      'rolling-back',
    ]);
  });

  it('begins anew where the journal says more by now', async () => {
    const { state, ports, at } = bakeAt();
    const memory = unjournaled();
    at(10_000);
    await judgeInMemory(ports, state, memory);
    const known = ticksOf(memory.entries());
    const longer: RolloutState = {
      ...state,
      length: state.length + 1,
      observations: known.map((tick) => observation(0, instant(tick))),
      lastObservedAt: instant(known.at(-1)!),
    };
    at(12_000);
    await judgeInMemory(ports, longer, memory);
    expect(Math.min(...ticksOf(memory.entries()))).toBeGreaterThan(known.at(-1)!);
  });
});

describe('what was read while the store was out', () => {
  async function written(fate: 'lost' | 'error') {
    const { entries: told, state } = atStep(stepOf.bake10);
    const store = openMemoryStore(memoryPlace());
    await store.acquire({ owner: actor(), rollout: id, takeOver: true, at: began });
    const bodies = told.map(({ seq: _seq, at: _at, token: _token, ...body }) => body);
    await store.append({ rollout: id, token: 1, length: 0, at: began, entries: bodies as never });
    let isOut = true;
    const flaky = {
      ...store,
      append: async (request: Parameters<typeof store.append>[0]) => {
        if (isOut && fate === 'error') throw new Error('no answer');
        const outcome = await store.append(request);
        if (isOut) throw new Error('no answer');
        return outcome;
      },
    };
    const journal = await openJournal(flaky, id, 1, () => undefined);
    const { ports, at } = bakeAt();
    const memory = unjournaled();
    at(5_000);
    await memory.look(ports, journal.state());
    await expect(memory.write(journal, () => began)).rejects.toThrow('no answer');
    at(9_000);
    await memory.look(ports, journal.state());
    isOut = false;
    return { store, journal, memory, state };
  }

  it.each(['lost', 'error'] as const)(
    'is journaled once when the store returns, the first write: %s',
    async (fate) => {
      const { store, journal, memory } = await written(fate);
      await memory.write(journal, () => instant(began + 9_000));
      const ticks = ticksOf(await store.journal(id));
      expect(ticks.length).toBeGreaterThan(5);
      expect(ticks).toEqual([...new Set(ticks)].toSorted((a, b) => a - b));
      expect(memory.entries()).toEqual([]);
      expect(journal.state().observations.map(({ at }) => at)).toEqual(ticks);
    },
  );

  it.each(['lost', 'error'] as const)(
    'is journaled once with the rollback that it caused, the first write: %s',
    async (fate) => {
      const { store, journal, memory } = await written(fate);
      const cause = { kind: 'step-failed', sentence: 'x' } as const;
      await journal.append(began, [...memory.entries(), { kind: 'rolling-back', cause }]);
      const entries = await store.journal(id);
      const ticks = ticksOf(entries);
      expect(ticks).toEqual([...new Set(ticks)].toSorted((a, b) => a - b));
      expect(entries.at(-1)?.kind).toBe('rolling-back');
    },
  );
});

describe('an outage that ends', () => {
  it('leaves the ticks that were read meanwhile in the journal', async () => {
    const cli = await serving();
    let outSince = 0;
    cli.when(
      (entry) => entry.kind === 'observed' && outSince === 0,
      () => {
        outSince = cli.model.calls.length;
        const began = cli.clock.now();
        cli.model.fault = (index, name) =>
          cli.clock.now() - began < 20_000 ? readOnlyStore(index, name) : null;
      },
    );
    expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(0);
    const ticks = ticksOf(await cli.store.journal(id));
    expect(ticks).toEqual([...new Set(ticks)].toSorted((a, b) => a - b));
    expect(ticks.every((at, index) => index === 0 || at - ticks[index - 1]! === tickMs)).toBe(true);
  });
});
