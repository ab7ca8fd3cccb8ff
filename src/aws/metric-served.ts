import type { MetricStat } from '@aws-sdk/client-cloudwatch';
import { instant } from '../domain/units.ts';
import type { ArmSource, Metrics, ServedCount, ServedQuery } from '../ports/index.ts';
import { PlatformError } from '../ports/platform.ts';
import type { ReadMetrics } from './gathered-reads.ts';
import { type ArmMetricsOptions, endpointFailuresOf, endpointFailureStats } from './metric-arms.ts';
import { metricStat } from './metric-catalogue.ts';
import { byTick } from './metric-periods.ts';
import { variantName } from './sagemaker-endpoints.ts';
import type { WarmingLog } from './warming-log.ts';

interface ServedOptions extends ArmMetricsOptions {
  readonly read: ReadMetrics;
  readonly warming?: WarmingLog;
}

const minuteMs = 60_000;
/** Three hours by the minute, as long as metrics may be late; on local AWS, which keeps each second, ten minutes. */
const mostPeriods = { byMinute: 180, finer: 600 };

type Part = (
  sums: readonly (readonly (number | undefined)[])[],
  index: number,
) => NonNullable<ServedCount['champion']>;

/**
 * What AWS counts by itself, at the arms' endpoints and of the function, beside what the router's metrics show of the same
 * minutes. Warming requests are left out, as far as this process sent them.
 */
export function createServed(options: ServedOptions): Required<Pick<Metrics, 'served'>> {
  const { environment: Environment, model: Model, functionName, resolution, read, warming } = options;
  const periodMs = Math.min(minuteMs, resolution.awsMs);
  const most = periodMs < minuteMs ? mostPeriods.finer : mostPeriods.byMinute;

  const routerOf = (arm: ArmSource) => ({ Environment, Model, ModelVersion: arm.version });
  const ofRouter = (
    name: 'Errors' | 'AsideErrors' | 'AnonymousErrors' | 'TesterErrors' | 'ShadowErrors' | 'Probe',
    arm: ArmSource,
  ): MetricStat => metricStat('router', name, 'SampleCount', routerOf(arm), periodMs);
  const sumOf = (name: 'RouterRefused' | 'ShadowDuplicates', arm: ArmSource): MetricStat =>
    metricStat('router', name, 'Sum', routerOf(arm), periodMs);

  function statsOf(arm: ArmSource, copies: boolean): readonly MetricStat[] {
    const endpoint = { EndpointName: arm.endpoint, VariantName: variantName };
    return [
      metricStat('endpoint', 'Invocations', 'Sum', endpoint, periodMs),
      ...endpointFailureStats(endpoint, periodMs),
      ...(copies
        ? [ofRouter('ShadowErrors', arm), sumOf('ShadowDuplicates', arm)]
        : [
            ofRouter('Errors', arm),
            ofRouter('AsideErrors', arm),
            ofRouter('AnonymousErrors', arm),
            ofRouter('TesterErrors', arm),
          ]),
    ];
  }

  const partOf =
    (arm: ArmSource, begin: (index: number) => number): Part =>
    (sums, index) => {
      const [invocations = 0, failed, failedToo, compared = 0, ...apart] = sums.map((each) => each[index]);
      const own = warming?.count(arm.endpoint, begin(index), begin(index) + periodMs);
      return {
        endpoint: Math.max(0, invocations - (own?.requests ?? 0)),
        failed: Math.max(0, (endpointFailuresOf([failed, failedToo]) ?? 0) - (own?.failed ?? 0)),
        compared,
        apart: apart.reduce<number>((sum, count) => sum + (count ?? 0), 0),
      };
    };

  async function rows({
    champion,
    challenger,
    copies = false,
    to: end,
  }: ServedQuery): Promise<ServedCount[]> {
    const to = Math.floor(end / periodMs) * periodMs;
    const from = to - most * periodMs;
    const begin = (index: number): number => from + index * periodMs;
    const arms = [copies ? null : champion, challenger].map((arm) =>
      arm === null ? null : { stats: statsOf(arm, copies), part: partOf(arm, begin) },
    );
    const [one = null, other = null] = arms;
    const users = [champion, challenger].filter((arm) => arm !== null);
    const besides = [
      metricStat('function', 'Invocations', 'Sum', { FunctionName: functionName }, periodMs),
      ...users.flatMap((arm) => [sumOf('RouterRefused', arm), ofRouter('Probe', arm)]),
    ];
    const stats = [...besides, ...(one?.stats ?? []), ...(other?.stats ?? [])];
    const points = await read({ stats, from: instant(from), to: instant(to) });
    const sums = stats.map((_, index) =>
      byTick(points[index] ?? new Map(), periodMs, { from, count: most, tickMs: periodMs }),
    );
    const split = besides.length + (one?.stats.length ?? 0);
    return Array.from({ length: most }, (_, index) => ({
      at: instant(begin(index + 1)),
      periodMs,
      function: sums[0]?.[index] ?? 0,
      turnedAway: sums.slice(1, besides.length).reduce((sum, each) => sum + (each[index] ?? 0), 0),
      champion: one?.part(sums.slice(besides.length, split), index) ?? null,
      challenger: other?.part(sums.slice(split), index) ?? null,
    }));
  }

  return {
    async served(query) {
      try {
        return await rows(query);
      } catch (error) {
        if (error instanceof PlatformError) return null;
        throw error;
      }
    },
  };
}
