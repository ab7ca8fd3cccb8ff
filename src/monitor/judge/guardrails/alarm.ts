import { binomialTail } from '../math/binomial-tail.ts';

export interface Alarm {
  /** One period; n = 0 is missing data and no breach. */
  push(n: number, x: number): void;
  /** M of the last N periods above the limit, and the gate passed. */
  ringing(): boolean;
  /** The window pooled. */
  window(): { readonly n: number; readonly x: number; readonly breaching: number; readonly byChance: number };
}

/** The chance at the limit that the pooled window must undercut. */
export const gate = 0.001;

/**
 * A literal "M of N periods above tau" alarm, with a gate: P(Bin(N_window, tau) >= X_window) <= 0.001 on the pooled
 * window, without which it rings falsely for rates just below the limit.
 * Source: section 5.2 of the method.
 */
export function createAlarm(options: {
  readonly tau: number;
  readonly m: number;
  readonly of: number;
}): Alarm {
  const { tau, m, of } = options;
  const periods: { readonly n: number; readonly x: number }[] = [];
  function window() {
    const n = periods.reduce((sum, p) => sum + p.n, 0);
    const x = periods.reduce((sum, p) => sum + p.x, 0);
    const breaching = periods.filter((p) => p.n > 0 && p.x / p.n > tau).length;
    return { n, x, breaching, byChance: binomialTail(Math.ceil(n), Math.min(x, Math.ceil(n)), tau) };
  }
  return {
    push(n, x) {
      periods.push({ n, x });
      if (periods.length > of) periods.shift();
    },
    ringing() {
      const now = window();
      return now.breaching >= m && now.byChance <= gate;
    },
    window,
  };
}
