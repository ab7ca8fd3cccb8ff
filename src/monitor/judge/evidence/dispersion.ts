/** Counts of one arm in one tick. */
export interface Counts {
  readonly requests: number;
  readonly bad: number;
}

export interface Dispersion {
  push(tick: Counts): void;
  /** At least 1; null while history can't tell. */
  phi(): number | null;
}

/** So many pairs of ticks and bad requests at least, before a dispersion means anything. */
const fewestPairs = 8;
const fewestBad = 5;

/**
 * How much more than independent requests the champion's bad ones scatter: phi = max(1, observed / expected squared
 * differences of consecutive ticks). Successive differences ignore slow, diurnal trends.
 *
 *     sum (x_{i+1} - n_{i+1} X/N)^2 / sum X n_i n_{i+1} / N^2 [(1 - X/N)],  X = x_i + x_{i+1}, N likewise
 *
 * The bracket is for shares that aren't small (slow requests). A ratio without unit.
 * Source: section 3.4 of the method.
 */
export function createDispersion(kind: 'errors' | 'slow' = 'errors'): Dispersion {
  let before: Counts | undefined;
  let observed = 0;
  let expected = 0;
  let pairs = 0;
  let bad = 0;
  return {
    push(tick) {
      bad += tick.bad;
      const last = before;
      before = tick;
      if (!last) return;
      const x = last.bad + tick.bad;
      const n = last.requests + tick.requests;
      if (n === 0) return;
      pairs++;
      observed += (tick.bad - (tick.requests * x) / n) ** 2;
      expected += ((x * last.requests * tick.requests) / (n * n)) * (kind === 'slow' ? 1 - x / n : 1);
    },
    phi() {
      if (pairs < fewestPairs || bad < fewestBad || expected === 0) return null;
      return Math.max(1, observed / expected);
    },
  };
}
