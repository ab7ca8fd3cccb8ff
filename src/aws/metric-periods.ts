/**
 * The period at which metrics of ticks are asked for: the largest one CloudWatch takes that divides the tick, and no
 * shorter than the metric's resolution. Where there is none, the resolution itself: its points then belong to the tick
 * in which they end.
 */
export function periodFor(tickMs: number, resolutionMs: number): number {
  const fits = (period: number): boolean => tickMs % period === 0 && period >= resolutionMs;
  if (tickMs % 60_000 === 0 && fits(tickMs)) return tickMs;
  return periods.find(fits) ?? periods.findLast((period) => period >= resolutionMs) ?? 60_000;
}

/** Milliseconds; besides these only multiples of a minute. */
const periods = [60_000, 30_000, 20_000, 10_000, 5_000, 1_000];

/** Ticks of a half-open window. */
export interface Ticks {
  readonly from: number;
  readonly count: number;
  readonly tickMs: number;
}

/** Sums each tick's points; undefined for a tick without any. */
export function byTick(
  points: ReadonlyMap<number, number>,
  periodMs: number,
  ticks: Ticks,
): (number | undefined)[] {
  const sums = new Array<number | undefined>(ticks.count).fill(undefined);
  for (const [at, value] of points) {
    const tick = Math.ceil((at + periodMs - ticks.from) / ticks.tickMs) - 1;
    // A point that began before the window and ends in it is the window's; one that ends after it is not yet whole.
    if (tick >= 0 && tick < ticks.count) sums[tick] = (sums[tick] ?? 0) + value;
  }
  return sums;
}
