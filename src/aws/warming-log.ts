import type { ArmQuery } from './metric-arms.ts';

/** Warming requests that this process has sent of late: SageMaker counts them among an endpoint's, and users' alone are judged. */
export interface WarmingLog {
  /** @param at when it was sent, milliseconds */
  note(endpoint: string, at: number, end: WarmingEnd): void;
  /** @returns requests sent from `from` on and before `to` */
  count(endpoint: string, from: number, to: number): WarmingCount;
}

/** How the model answered a warming request. `4xx` and `5xx` are errors, which SageMaker counts apart. */
export type WarmingEnd = 'answered' | '4xx' | '5xx';

export interface WarmingCount {
  readonly requests: number;
  readonly refused: number;
  readonly failed: number;
}

/** Metrics are read again up to the horizon of late ones, which is minutes. */
const keptMs = 3_600_000;

export function createWarmingLog(): WarmingLog {
  let sent: { readonly endpoint: string; readonly at: number; readonly end: WarmingEnd }[] = [];
  return {
    note(endpoint, at, end) {
      const [oldest] = sent;
      if (oldest !== undefined && oldest.at < at - 2 * keptMs)
        sent = sent.filter((one) => one.at >= at - keptMs);
      sent.push({ endpoint, at, end });
    },
    count(endpoint, from, to) {
      const found = sent.filter((one) => one.endpoint === endpoint && one.at >= from && one.at < to);
      const ended = (by: WarmingEnd): number => found.filter(({ end }) => end === by).length;
      return { requests: found.length, refused: ended('4xx'), failed: ended('5xx') };
    },
  };
}

/**
 * Sums of ticks as they would be without the warming requests. Counts are exact. Latency is thinned in proportion: how long
 * the model took for a warming request, CloudWatch does not tell apart.
 * @param sums by query, then by tick
 * @param ticks when the first begins, milliseconds, and how long each is
 */
export function withoutWarming(
  queries: readonly ArmQuery[],
  sums: readonly (readonly (number | undefined)[])[],
  ticks: { readonly from: number; readonly tickMs: number },
  log: WarmingLog,
): readonly (readonly (number | undefined)[])[] {
  const invocations = new Map(
    queries.flatMap(({ stat }, index) => {
      const endpoint = endpointOf(stat.Metric);
      return endpoint !== undefined && stat.Metric?.MetricName === 'Invocations'
        ? [[endpoint, sums[index] ?? []] as const]
        : [];
    }),
  );
  return queries.map(({ stat }, index) => {
    const own = sums[index] ?? [];
    const endpoint = endpointOf(stat.Metric);
    if (endpoint === undefined) return own;
    return own.map((sum, tick) => {
      const from = ticks.from + tick * ticks.tickMs;
      const ours = log.count(endpoint, from, from + ticks.tickMs);
      if (sum === undefined || ours.requests === 0) return sum;
      switch (stat.Metric?.MetricName) {
        case 'Invocations':
          return Math.max(0, sum - ours.requests);
        case 'ModelLatency': {
          const all = invocations.get(endpoint)?.[tick] ?? 0;
          const kept = all > ours.requests ? (all - ours.requests) / all : 0;
          // Requests are counted whole: sums of times need not be.
          return stat.Stat === 'Sum' ? sum * kept : Math.round(sum * kept);
        }
        default:
          return Math.max(0, sum - (/4XX/.test(stat.Metric?.MetricName ?? '') ? ours.refused : ours.failed));
      }
    });
  });
}

function endpointOf(metric: ArmQuery['stat']['Metric']): string | undefined {
  if (metric?.Namespace !== 'AWS/SageMaker') return undefined;
  return metric.Dimensions?.find(({ Name }) => Name === 'EndpointName')?.Value;
}
