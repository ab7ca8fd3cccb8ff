import { instant } from '../domain/units.ts';
import type { Clock } from '../ports/index.ts';
import type { Platform } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { metricStat } from './metric-catalogue.ts';
import { type Points, readMetricData } from './metric-data.ts';

const minuteMs = 60_000;
/** Long enough for a quiet moment not to count as the traffic of now. */
const windowMs = 15 * minuteMs;
/** More would be a load test, and Lambda starts no more than this at once without a pause. */
const most = 50;

export function createLambdaConcurrency(options: {
  readonly clients: Clients;
  readonly clock: Clock;
  readonly functionName: string;
}): Pick<Platform, 'concurrency'> {
  const { clients, clock, functionName } = options;
  return {
    async concurrency() {
      const now = clock.now();
      const dimensions = { FunctionName: functionName };
      const [measured, invocations, durations] = await readMetricData(clients, {
        stats: [
          metricStat('function', 'ConcurrentExecutions', 'Maximum', dimensions, minuteMs),
          metricStat('function', 'Invocations', 'Sum', dimensions, minuteMs),
          metricStat('function', 'Duration', 'Average', dimensions, minuteMs),
        ],
        from: instant(Math.floor((now - windowMs) / minuteMs) * minuteMs),
        to: now,
      });
      const largest = Math.max(0, ...(measured?.values() ?? []));
      const busy = largest > 0 ? largest : estimated(invocations ?? new Map(), durations ?? new Map());
      return Math.min(most, Math.max(1, Math.ceil(busy)));
    },
  };
}

/** Little's law: requests a millisecond times the milliseconds each takes. */
function estimated(invocations: Points, durations: Points): number {
  const byMinute = [...invocations].map(([at, count]) => (count / minuteMs) * (durations.get(at) ?? 0));
  return Math.max(0, ...byMinute);
}
