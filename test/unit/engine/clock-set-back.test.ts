import { describe, expect, it } from 'vitest';
import type { Entry, EntryBody } from '../../../src/domain/journal.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import { instant, later, percent, rolloutId } from '../../../src/domain/units.ts';
import type { MetricsQuery } from '../../../src/ports/index.ts';
import { aheadMs, asOf, before, endedBy } from '../../../src/engine/clock-set-back.ts';
import { decide } from '../../../src/engine/decide.ts';
import { drive } from '../../../src/runner/drive.ts';
import { openJournal } from '../../../src/runner/journal-writer.ts';
import { start, takeOver } from '../../../src/runner/own.ts';
import type { RolloutPorts } from '../../../src/runner/ports.ts';
import { replay } from '../../../src/engine/fold-journal.ts';
import { tick } from '../../../src/runner/tick.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
import { canary } from '../../../src/strategies/canary.ts';
import {
  actor,
  canarySettings,
  type ModelWorld,
  modelWorld,
  policy,
  seedRegistry,
  startOf,
  v23,
} from '../../support/model-world.ts';
import {
  approve,
  asked,
  atStep,
  began,
  fail,
  fenced,
  observation,
  plan,
  smoke,
  stepOf,
  tell,
  tried,
  wait,
} from './story.ts';

const id = rolloutId('r-1');
const hour = 3_600_000;
const day = 24 * hour;
const minute = 60_000;

/** The ports of a machine whose clock is wrong by so much while `isWrong`, in a world that keeps the right time. */
function wrongMachine(world: ModelWorld, errorMs: number, isWrong: () => boolean): RolloutPorts {
  const { clock, metrics } = world.ports;
  const error = (): number => (isWrong() ? errorMs : 0);
  return {
    ...world.ports,
    clock: {
      now: () => later(clock.now(), error()),
      // Timers run on a clock that nobody sets.
      sleepUntil: (at, signal) => clock.sleepUntil(later(at, -error()), signal),
    },
    metrics: {
      read: async (query: MetricsQuery) => {
        const reading = await metrics.read(query);
        if (reading.kind === 'unreadable') return reading;
        const none = { requests: 0, errors: 0, throttles: 0 };
        // What has not happened yet nobody has counted.
        return {
          ...reading,
          observations: reading.observations.map((each) =>
            each.at <= clock.now() ? each : { ...each, champion: none, challenger: none },
          ),
        };
      },
    },
  };
}

interface End {
  /** By the world's clock, from the beginning. */
  readonly afterMs: number;
  readonly outcome: string;
  readonly entries: readonly Entry[];
}

/** A challenger that begins to fail 12 s after users came to it, on a machine whose clock is wrong for some time. */
async function canaryUnder(errorMs: number, fromMs: number, forMs: number): Promise<End> {
  const world = modelWorld();
  await seedRegistry(world);
  const { clock } = world.ports;
  const zero = clock.now();
  const since = (): number => clock.now() - zero;
  const ports = wrongMachine(world, errorMs, () => since() >= fromMs && since() < fromMs + forMs);
  const journal = await start(ports, id, startOf({ bakeMs: minute, horizonMs: 15 * minute }));
  world.behaviour[v23] = { errors: 0.3, latencyMs: 20 };
  const result = await drive(ports, journal, { signal: new AbortController().signal });
  return {
    afterMs: since(),
    outcome: result.kind === 'ended' ? result.outcome.kind : result.kind,
    entries: await openMemoryStore(world.place).journal(id),
  };
}

describe('a clock that is wrong for 4 s', () => {
  it.each([
    [180_000, 3_000],
    [hour, 3_000],
    [day, 3_000],
    [-180_000, 3_000],
    [-hour, 3_000],
    // From before users move.
    [hour, 0],
    [day, 0],
  ])('by %i ms, from %i ms on, holds up no rollback', async (errorMs, fromMs) => {
    const good = await canaryUnder(0, 0, 0);
    const { outcome, afterMs, entries } = await canaryUnder(errorMs, fromMs, 4_000);
    expect([good.outcome, outcome]).toEqual(['rolled-back', 'rolled-back']);
    // A look, and what settles a tick, come on top of the 4 s.
    expect(afterMs).toBeLessThanOrEqual(good.afterMs + 4_000 + 3_000);
    const ticks = replay(id, entries).observations.map(({ at }) => at);
    expect(ticks).toEqual([...new Set(ticks)].toSorted((a, b) => a - b));
  });
});

/** A journal that an owner wrote whose clock was an hour ahead: what it dates lies in the future. */
const ahead = (...bodies: readonly EntryBody[]) => {
  const { entries, state } = atStep(stepOf.bake10, wait(hour), ...bodies);
  return { entries, state };
};
const now = later(began, minute);

describe('a journal that is ahead of the clock', () => {
  it.each([
    ['5 s', 5_000, 0],
    ['a little more', 5_001, 5_001],
    ['an hour', hour, hour],
    ['not at all', -minute, 0],
  ])('by %s', (_, by, told) => {
    expect(aheadMs({ writtenAt: later(began, by) }, began)).toBe(told);
  });

  it('is told once, and what it dates later counts as now', async () => {
    const observations = [observation(), observation(0, later(began, hour))];
    const { entries } = ahead({ kind: 'observed', observations }, { kind: 'held', why: 'no metrics' });
    const world = modelWorld();
    const { store } = world.ports;
    const since = world.ports.clock.now();
    await store.acquire({ owner: actor(), rollout: id, takeOver: true, at: since });
    const bodies = entries.map(({ seq: _seq, at: _at, token: _token, ...body }) => body as EntryBody);
    const written = entries.at(-1)!.at;
    await store.append({ rollout: id, token: 1, length: 0, at: written, entries: bodies });
    const journal = await openJournal(store, id, 1, () => undefined);
    world.advance(minute);
    for (let look = 0; look < 3; look++) {
      await tick(world.ports, journal);
      world.advance(1_000);
    }
    const state = journal.state();
    const { notes } = state;
    expect(notes).toEqual([
      'the clock was 59m ahead when this journal was last written; what it dates later counts as now, and its metrics are read again',
    ]);
    expect(state.writtenAt).toBeLessThanOrEqual(world.ports.clock.now());
    expect(state.routeSince).toBe(later(since, minute));
    expect(state.observations.every(({ at }) => at <= world.ports.clock.now())).toBe(true);
    expect(state.observations.at(-1)?.at).toBeGreaterThan(later(since, minute));
  });

  it('holds no instant that lies ahead', () => {
    const { state } = ahead(
      { kind: 'unreadable', why: 'no answer', denied: false },
      asked({ kind: 'pause' }),
      asked({ kind: 'traffic', percent: percent(25) }),
      asked(approve),
      { kind: 'held', why: 'no metrics' },
      { kind: 'rolling-back', cause: { kind: 'abort', by: 'bob', sentence: 'aborted' } },
    );
    const times = (value: unknown): readonly number[] =>
      typeof value === 'number'
        ? [value]
        : typeof value === 'object' && value !== null
          ? Object.values(value).flatMap(times)
          : [];
    // What is done is history, and stands as it was written.
    const { stepsDone: _history, ...rest } = asOf(state, now);
    expect(times(rest).filter((at) => at > now && at < later(began, day))).toEqual([]);
    expect(asOf(state, later(began, hour))).toBe(state);
  });

  it.each([
    ['an endpoint', () => tell(plan, wait(hour), fenced(), tried(smoke))],
    ['approvals', () => tell(canary(canarySettings({ approvals: 2 })), wait(hour), fenced(), asked(approve))],
  ])('keeps nobody waiting for %s longer than its own limit', (_, story) => {
    const { state } = story();
    const here = asOf(state, now);
    const end = later(now, 60_000);
    // At the limit from now on something is decided, and before it nothing was.
    expect(decide(here, null, end)).not.toMatchObject({ kind: 'wait' });
    expect(here.stepSince).toBeLessThanOrEqual(now);
  });

  it('of which an approval is dated ahead lets it expire like any other', () => {
    const settings = canarySettings({ approvals: 2 });
    const { state } = tell(canary(settings), fenced(), wait(hour), asked(approve));
    const here = { ...asOf(state, now), stepSince: now };
    expect(here.approvals.map(({ at }) => at)).toEqual([now]);
  });

  it('is judged on what is seen from now on', async () => {
    const world = modelWorld();
    await seedRegistry(world);
    world.behaviour[v23] = { errors: 0.5, latencyMs: 20 };
    let errorMs = hour;
    const ports = wrongMachine(world, 1, () => true);
    const clock = { ...ports.clock, now: () => later(world.ports.clock.now(), errorMs) };
    const journal = await start({ ...ports, clock }, id, startOf());
    while (journal.state().route?.kind !== 'split') {
      await tick({ ...ports, clock }, journal);
      world.advance(500);
    }
    // Its owner dies, and somebody whose clock is right takes over.
    errorMs = 0;
    const from = world.ports.clock.now();
    const right = await takeOver(world.ports, id, actor('bob'), { alias: 'live' });
    const result = await drive(world.ports, right, { signal: new AbortController().signal });
    expect(result).toMatchObject({ kind: 'ended', outcome: { kind: 'rolled-back' } });
    expect(world.ports.clock.now() - from).toBeLessThanOrEqual(15_000);
    expect(right.state().notes).toEqual([
      'the clock was 1h ahead when this journal was last written; what it dates later counts as now, and its metrics are read again',
    ]);
  });
});

describe('the same journal', () => {
  it('comes to the same state entry by entry and as a whole', () => {
    const ticks = (from: number, count: number): readonly Observation[] =>
      Array.from({ length: count }, (_, i) => observation(0, later(began, from + i * 1_000)));
    const observed = (from: number, count: number): EntryBody => ({
      kind: 'observed',
      observations: ticks(from, count),
    });
    const { entries } = atStep(
      stepOf.bake10,
      wait(5_000),
      observed(1_000, 3),
      wait(hour),
      observed(4_000, 40),
      wait(-hour),
      observed(6_000, 2),
      wait(1_000),
      { kind: 'verdict', verdict: fail, action: 'tell' },
    );
    const whole = replay(id, entries);
    const labels = whole.observations.map(({ at }) => at - began);
    expect(labels).toEqual([1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000]);
    expect(whole.lastObservedAt).toBe(instant(began + 7_000));
    expect(policy.tickMs).toBe(1_000);
  });
});

describe('the ticks of an entry that are evidence', () => {
  const ticks = (...seconds: number[]) => seconds.map((second) => ({ at: instant(second * 1_000) }));

  it.each([
    ['all, where the clock went on', ticks(1, 2, 3), 3, ticks(1, 2, 3)],
    ['those that clocks may differ by', ticks(1, 2, 8), 3, ticks(1, 2, 8)],
    ['none that ends later', ticks(1, 2, 9), 3, ticks(1, 2)],
    ['none, where the clock was set back after all were read', ticks(107, 108), 3, []],
    ['those after the clock was set back between two readings', ticks(42, 43, 1, 2), 3, ticks(1, 2)],
    ['each time once', ticks(1, 2, 2, 3), 4, ticks(1, 2, 3)],
  ])('%s', (_what, read, at, evidence) => {
    expect(endedBy(read, instant(at * 1_000))).toEqual(evidence);
  });

  it('replace those that were read for the same time', () => {
    expect(before(ticks(1, 2, 3, 4), ticks(3, 4, 5))).toEqual(ticks(1, 2));
    expect(before(ticks(1, 2), ticks(3))).toEqual(ticks(1, 2));
    expect(before(ticks(1, 2), [])).toEqual(ticks(1, 2));
    expect(before(ticks(7, 8), ticks(1))).toEqual([]);
  });
});
