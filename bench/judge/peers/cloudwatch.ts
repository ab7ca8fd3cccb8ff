import { onTheMinute } from './argo.ts';
import type { Peer } from './peer.ts';
import { wholePeriods } from './window.ts';

/** One period: below the threshold, above it, or nothing reported. */
export type Point = '0' | 'X' | '-';
export type MissingData = 'missing' | 'ignore' | 'breaching' | 'notBreaching';
/** `Retain`: the state stays what it was. */
export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA' | 'Retain';

/** Two periods more than are evaluated, as in the examples of the documentation. */
const furtherPeriods = 2;

/** M of N over the evaluation range, oldest first: the documentation's two tables. */
export function alarmState(range: readonly Point[], n: number, m: number, policy: MissingData): AlarmState {
  const real = range.filter((point) => point !== '-');
  const breaching = (points: readonly Point[]): number => points.filter((point) => point === 'X').length;
  if (real.length >= n) return breaching(real.slice(-n)) >= m ? 'ALARM' : 'OK';
  if (real.length === 0) return ofNothing(policy);
  const here = breaching(real);
  switch (policy) {
    case 'notBreaching':
      return here >= m ? 'ALARM' : 'OK';
    case 'breaching':
      return here + (n - real.length) >= m ? 'ALARM' : 'OK';
    case 'missing':
    case 'ignore':
      if (here < real.length) return here >= m ? 'ALARM' : 'OK';
      return policy === 'missing' ? 'ALARM' : 'Retain';
  }
}

function ofNothing(policy: MissingData): AlarmState {
  switch (policy) {
    case 'missing':
      return 'INSUFFICIENT_DATA';
    case 'ignore':
      return 'Retain';
    case 'breaching':
      return 'ALARM';
    case 'notBreaching':
      return 'OK';
  }
}

/**
 * With few points an alarm waits until the oldest breaching one inside N is M periods old, all newer ones being
 * breaching or missing; any real good point switches this rule off.
 */
export function alarmsPrematurely(range: readonly Point[], n: number, m: number): boolean {
  if (range.includes('0')) return false;
  const inside = range.slice(-n);
  const oldest = inside.indexOf('X');
  return oldest === -1 || inside.length - oldest < m;
}

/**
 * M of N one-minute periods of the error rate, as CodeDeploy and SageMaker roll back on; missing data is not breaching,
 * as in SageMaker's examples.
 */
export function cloudwatchAlarm(
  name: string,
  options: { readonly m: number; readonly n: number; readonly errorRate: (true_: number) => number },
): Peer {
  return {
    name,
    start({ errorRate, tickMs }) {
      const limit = options.errorRate(errorRate);
      const period = wholePeriods(Math.round(60_000 / tickMs));
      const alarm = createAlarm(options);
      return {
        push(tick) {
          const sum = period(tick);
          if (!sum) return false;
          return alarm(sum.n1 === 0 ? '-' : sum.x1 / sum.n1 > limit ? 'X' : '0');
        },
      };
    },
  };
}

/** M of N one-minute periods of the challenger's latency quantile. */
export function cloudwatchLatencyAlarm(
  name: string,
  options: { readonly m: number; readonly n: number; readonly q: number; readonly limitMs: number },
): Peer {
  return {
    name,
    start() {
      const alarm = createAlarm(options);
      return {
        push(tick, minutes) {
          if (!onTheMinute(minutes, 1)) return false;
          const value = tick.latency?.(1, options.q) ?? null;
          return alarm(value === null ? '-' : value > options.limitMs ? 'X' : '0');
        },
      };
    },
  };
}

function createAlarm({ m, n }: { readonly m: number; readonly n: number }): (point: Point) => boolean {
  const range: Point[] = [];
  return (point) => {
    range.push(point);
    if (range.length > n + furtherPeriods) range.shift();
    return alarmState(range, n, m, 'notBreaching') === 'ALARM';
  };
}
