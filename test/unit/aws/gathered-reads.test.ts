import { describe, expect, it } from 'vitest';
import { gatheredReads } from '../../../src/aws/gathered-reads.ts';
import type { MetricRequest, Points } from '../../../src/aws/metric-data.ts';
import { instant } from '../../../src/domain/units.ts';
import { PlatformError } from '../../../src/ports/platform.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

const minute = 60_000;
const request = (name: string, count: number, from = 0, to = 10): MetricRequest => ({
  stats: Array.from(
    { length: count },
    (_, index) => ({ Metric: { MetricName: `${name}${index}` }, Stat: 'Sum' }) as never,
  ),
  from: instant(from * minute),
  to: instant(to * minute),
});

/** Each metric has a point a minute, whose value is its place among all that were ever asked. */
function cloudWatch(fail: (request: MetricRequest) => Error | null = () => null) {
  const calls: MetricRequest[] = [];
  const read = async (wanted: MetricRequest): Promise<Points[]> => {
    calls.push(wanted);
    const error = fail(wanted);
    if (error !== null) throw error;
    return wanted.stats.map((stat) => {
      const points = new Map<number, number>();
      for (let at: number = wanted.from; at < wanted.to; at += minute) points.set(at, nameOf(stat).length);
      return points;
    });
  };
  return { calls, reads: gatheredReads(read, virtualClock(0)) };
}
const nameOf = (stat: MetricRequest['stats'][number]): string => stat.Metric?.MetricName ?? '';
const partial = new PlatformError({ kind: 'unknown', message: 'PartialData' });

describe('reads of many rollouts', () => {
  it('go out in one call, and each gets its own window back', async () => {
    const { calls, reads } = cloudWatch();
    const [a, b] = await Promise.all([reads(request('a', 2, 0, 5)), reads(request('long', 1, 2, 8))]);
    expect(calls.map(({ stats, from, to }) => [stats.map(nameOf), from, to])).toEqual([
      [['a0', 'a1', 'long0'], 0, 8 * minute],
    ]);
    expect(a.map((points) => [...points.keys()].map((at) => at / minute))).toEqual([
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4],
    ]);
    expect(b.map((points) => [...points])).toEqual([[2, 3, 4, 5, 6, 7].map((at) => [at * minute, 5])]);
  });

  it.each([
    [52, 9, 1],
    [52, 10, 2],
    [52, 100, 12],
    [500, 3, 3],
    [1, 500, 1],
    [1, 501, 2],
  ])('of %i metrics each, %i rollouts take %i calls', async (metrics, rollouts, expected) => {
    const { calls, reads } = cloudWatch();
    await Promise.all(Array.from({ length: rollouts }, (_, n) => reads(request(`m${n}-`, metrics))));
    expect(calls.length).toBe(expected);
    for (const { stats } of calls) expect(stats.length).toBeLessThanOrEqual(500);
  });

  it('that come later go by themselves', async () => {
    const { calls, reads } = cloudWatch();
    await reads(request('a', 1));
    await reads(request('b', 1));
    expect(calls).toHaveLength(2);
  });

  it('of one who catches up make nobody else read the day', async () => {
    const { calls, reads } = cloudWatch();
    await Promise.all([
      reads(request('day', 1, 0, 1_440)),
      reads(request('a', 1, 1_430, 1_440)),
      reads(request('b', 1, 1_430, 1_440)),
    ]);
    expect(calls.map(({ from, to }) => (to - from) / minute).sort((x, y) => x - y)).toEqual([10, 1_440]);
  });

  it('of which one part is missing fail for that reader alone', async () => {
    const { calls, reads } = cloudWatch(({ stats }) =>
      stats.some((stat) => nameOf(stat).startsWith('bad')) ? partial : null,
    );
    const [good, bad] = await Promise.allSettled([reads(request('good', 1)), reads(request('bad', 1))]);
    expect([good.status, bad.status]).toEqual(['fulfilled', 'rejected']);
    expect(calls).toHaveLength(3);
  });

  it('that are denied are denied once', async () => {
    const denied = new PlatformError({ kind: 'denied', action: 'cloudwatch:GetMetricData', message: 'no' });
    const { calls, reads } = cloudWatch(() => denied);
    const settled = await Promise.allSettled([reads(request('a', 1)), reads(request('b', 1))]);
    expect(settled).toEqual([
      { status: 'rejected', reason: denied },
      { status: 'rejected', reason: denied },
    ]);
    expect(calls).toHaveLength(1);
  });
});
