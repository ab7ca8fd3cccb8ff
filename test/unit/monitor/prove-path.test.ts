import { describe, expect, it } from 'vitest';
import { type Instant, instant } from '../../../src/domain/units.ts';
import { createLooks } from '../../../src/monitor/finality.ts';
import { observe } from '../../../src/monitor/observe.ts';
import { proveSource, settleFor } from '../../../src/monitor/prove-source.ts';
import type { Clock, Metrics, ProbeSent } from '../../../src/ports/index.ts';
import { afterLag, follow, nothing, source, start } from './late-metrics.ts';

/** Test requests that show so long after they were sent; null: never. */
function probes(lagMs: number | null, clock: () => number) {
  const sent: number[] = [];
  const port: Pick<Metrics, 'probe' | 'probeSeen'> = {
    probe: async () => {
      sent.push(clock());
      return { kind: 'sent', at: instant(clock()) };
    },
    probeSeen: async (_arm, at) => lagMs !== null && clock() >= at + lagMs,
  };
  return { sent, port };
}

describe('both arms silent', () => {
  /** By looks of a rollout, whose time is that of its last look. */
  const silent = async (lagMs: number | null, forSeconds: number) => {
    let now = start;
    const made = probes(lagMs, () => now);
    const told = await follow(
      (_arm, _at, at) => {
        now = start + at;
        return nothing;
      },
      { forSeconds, port: made.port },
    );
    return { ...told, sent: made.sent };
  };

  it('is no traffic where a test request shows: a quiet night rolls nothing back', async () => {
    const { judgement, unreadable, observed, rolledBackAfter, sent } = await silent(30_000, 6 * 3_600);
    expect(rolledBackAfter).toBeNull();
    expect(unreadable).toEqual([]);
    expect(judgement).toMatchObject({ kind: 'insufficient', why: 'no requests reached the challenger' });
    // Known within minutes, not at the horizon.
    expect(observed.at(-1)!.at).toBeGreaterThan(start + 6 * 3_600_000 - 400_000);
    // At most one a minute.
    expect(sent.length).toBeLessThanOrEqual(360);
  });

  it.each([10_000, 20_000])(
    'is no traffic by ticks of a second and a horizon of %i ms as well',
    async (horizonMs) => {
      let now = start;
      const { port } = probes(200, () => now);
      const metrics: Metrics = {
        read: async ({ from, to, tickMs, plannedPercent }) => ({
          kind: 'read',
          observations: Array.from({ length: (to - from) / tickMs }, (_, i) => ({
            at: instant(from + (i + 1) * tickMs),
            tickMs,
            plannedPercent,
            champion: nothing,
            challenger: nothing,
          })),
        }),
        ...port,
      };
      const looks = createLooks();
      let since = instant(start);
      const share = { percent: 10, since, before: 0 };
      for (; now < start + 300_000; now += 1_000) {
        const watched = {
          champion: source('v1'),
          challenger: source('v2'),
          tickMs: 1_000,
          settleMs: 1_000,
          horizonMs,
          since,
          share,
        };
        const reading = await observe(metrics, watched, instant(now), looks);
        if (reading === null) continue;
        if (reading.kind === 'unreadable') throw new Error(reading.why);
        expect(reading.observations.every(({ quiet }) => quiet === true)).toBe(true);
        since = reading.observations.at(-1)?.at ?? since;
      }
      expect(since).toBeGreaterThan(now - horizonMs);
    },
  );

  it('is unreadable where a test request does not show, once the horizon is reached', async () => {
    const { unreadable, observed } = await silent(null, 1_200);
    expect(observed).toEqual([]);
    expect(unreadable).toHaveLength(31);
    expect(unreadable[0]).toMatch(/^no metrics for 15m, and a test request of .* does not show either/);
  });

  it('is no traffic at the horizon where nobody can ask', async () => {
    const told = await follow(() => nothing, { forSeconds: 1_200 });
    expect(told.unreadable).toEqual([]);
    expect(told.observed).toHaveLength(30);
    expect(told.judgement.kind).toBe('insufficient');
  });
});

it('a test request does not prove that an arm with much traffic is merely quiet', async () => {
  let now = start;
  const { port } = probes(0, () => now);
  const { observed, rolledBackAfter } = await follow(
    (arm, at, seen) => {
      now = start + seen;
      return afterLag({ champion: 0, challenger: 600_000 })(arm, at, seen);
    },
    { port },
  );
  expect(observed.every(({ challenger }) => challenger?.requests === 100)).toBe(true);
  expect(rolledBackAfter).toBeLessThanOrEqual(620);
});

describe('a source proves itself', () => {
  const clockFrom = (at: number): Clock & { at: number } => {
    const clock = {
      at,
      now: () => instant(clock.at),
      sleepUntil: async (until: Instant) => {
        clock.at = Math.max(clock.at, until);
      },
    };
    return clock;
  };
  const arm = source('v1');

  it.each([
    [0, { kind: 'proven', lagMs: 0 }],
    [45_000, { kind: 'proven', lagMs: 45_100 }],
    [null, { kind: 'not-seen' }],
  ])('by a test request that shows after %s ms', async (lagMs, outcome) => {
    const clock = clockFrom(start);
    const { port } = probes(lagMs, clock.now);
    const metrics = { read: () => Promise.reject(new Error('not asked')), ...port };
    expect(await proveSource(metrics, arm, clock, 180_000)).toMatchObject(outcome);
  });

  it.each<ProbeSent>([{ kind: 'unknown' }, { kind: 'failed', why: 'denied', denied: true }])(
    'or says why it can not: $kind',
    async (sent) => {
      const metrics = { read: never, probe: async () => sent, probeSeen: async () => true };
      expect(await proveSource(metrics, arm, clockFrom(start), 1_000)).toEqual(sent);
    },
  );

  it('or knows no test requests', async () => {
    expect(await proveSource({ read: never }, arm, clockFrom(start), 1_000)).toEqual({ kind: 'unknown' });
  });

  it.each([
    [120_000, 900_000, 20_000, 120_000],
    [120_000, 900_000, 100_000, 200_000],
    [120_000, 900_000, 800_000, 900_000],
    [1_000, 10_000, 100, 1_000],
  ])('settle %i, horizon %i, lag %i: settles in %i', (settle, horizon, lag, expected) => {
    expect(settleFor(settle, horizon, lag)).toBe(expected);
  });
});

const never = (): Promise<never> => Promise.reject(new Error('not asked'));
