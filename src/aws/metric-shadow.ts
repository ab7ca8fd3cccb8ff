import { latencyEdges } from '../domain/latency-edges.ts';
import type { Observation } from '../domain/observation.ts';
import type { ArmSource } from '../ports/index.ts';
import { type ArmMetricsOptions, type ArmQuery, armTick, bucketStatistics } from './metric-arms.ts';
import { metricStat } from './metric-catalogue.ts';
import { periodFor } from './metric-periods.ts';

type Part = Pick<Observation, 'champion' | 'challenger' | 'copies'>;

/**
 * Both arms on the requests of which the challenger got copies, as the shadow function counted them: under the
 * challenger's version; what became of the copies, as the router did: under the champion's.
 */
export function shadowReader(
  options: ArmMetricsOptions,
  arms: { readonly champion: ArmSource; readonly challenger: ArmSource },
  tickMs: number,
): { readonly queries: readonly ArmQuery[]; tick(sums: readonly (number | undefined)[]): Part } {
  const periodMs = periodFor(tickMs, options.resolution.routerMs);
  const { environment: Environment, model: Model } = options;
  const copies = { Environment, Model, ModelVersion: arms.challenger.version };
  const sent = { Environment, Model, ModelVersion: arms.champion.version };
  const stats = [
    metricStat('router', 'ShadowSent', 'Sum', sent, periodMs),
    metricStat('router', 'ShadowDropped', 'Sum', sent, periodMs),
    metricStat('router', 'ShadowDropped', 'Sum', copies, periodMs),
    metricStat('router', 'ShadowErrors', 'SampleCount', copies, periodMs),
    metricStat('router', 'ShadowErrors', 'Sum', copies, periodMs),
    metricStat('router', 'ShadowThrottles', 'Sum', copies, periodMs),
    metricStat('router', 'ShadowChampionErrors', 'Sum', copies, periodMs),
    metricStat('router', 'ShadowCompared', 'Sum', copies, periodMs),
    metricStat('router', 'ShadowDisagreed', 'Sum', copies, periodMs),
    metricStat('router', 'ShadowDistance', 'Sum', copies, periodMs),
    metricStat('router', 'ShadowDuplicates', 'Sum', copies, periodMs),
    ...(['ShadowLatency', 'ShadowChampionLatency'] as const).flatMap((metric) => [
      metricStat('router', metric, 'Sum', copies, periodMs),
      metricStat('router', metric, 'SampleCount', copies, periodMs),
      ...bucketStatistics(1).map((range) => metricStat('router', metric, range, copies, periodMs)),
    ]),
  ];
  return {
    queries: stats.map((stat) => ({ stat, periodMs })),
    tick(sums) {
      const [sentCopies = 0, dropped = 0, unclaimed = 0, requests = 0, errors = 0, throttles = 0] = sums;
      const [championErrors = 0, compared = 0, disagreed = 0, distance = 0, duplicates = 0, ...times] =
        sums.slice(6);
      const width = 2 + latencyEdges.length + 1;
      const arm = (failed: number, throttled: number, [latencySum, latencyCount, ...buckets]: typeof times) =>
        armTick({
          requests,
          errors: failed,
          throttles: throttled,
          latencySum,
          latencyCount,
          buckets,
          unitsPerMs: 1,
        });
      return {
        // How often the champion was throttled is among its errors.
        champion: arm(championErrors, 0, times.slice(width)),
        challenger: arm(errors, throttles, times.slice(0, width)),
        copies: { sent: sentCopies, dropped: dropped + unclaimed, compared, disagreed, distance, duplicates },
      };
    },
  };
}
