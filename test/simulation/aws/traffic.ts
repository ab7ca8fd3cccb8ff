import type { AliasTarget } from '../../../src/domain/route.ts';
import { type MetricStore, record } from '../../../src/local-aws/core/cloudwatch/metric-store.ts';
import { type Behaviour, failedOf } from '../aws-model.ts';
import type { Story } from '../story.ts';
import { endpointName } from '../versions.ts';

export interface Traffic {
  /** The alias serves this from now on. */
  moved(target: AliasTarget): void;
  /** Counts what users have asked for up to now, as router and endpoints would have: for CloudWatch, second by second. */
  flow(): void;
}

/** Users, as far as metrics show them. Nobody looks at metrics older than this, ms. */
const longestMs = 900_000;

export function createTraffic(world: {
  readonly metrics: MetricStore;
  readonly now: () => number;
  readonly story: Pick<Story, 'requestsPerTick'>;
  readonly behaviour: Readonly<Record<string, Behaviour>>;
  readonly shares: (target: AliasTarget) => Readonly<Record<string, number>>;
}): Traffic {
  const { metrics, now, story, behaviour, shares } = world;
  const past: { readonly at: number; readonly shares: Readonly<Record<string, number>> }[] = [];
  let counted = secondOf(now());

  const countSecond = (at: number): void => {
    const then = past.findLast((since) => since.at <= at + 500) ?? past[0];
    for (const [version, share] of Object.entries(then?.shares ?? {})) {
      const requests = Math.round((story.requestsPerTick * share) / 100);
      if (requests === 0) continue;
      const { errors, latencyMs } = behaviour[version] ?? { errors: 0, latencyMs: 20 };
      const failed = failedOf(requests, errors, at / 1_000);
      const count = (namespace: string, dimensions: Record<string, string>, unit: string) => {
        const series = (metricName: string, unitOf = unit) =>
          metrics.series({ namespace, metricName, dimensions }, unitOf, 1);
        return {
          sum: (name: string, value: number) => record(series(name), at, value),
          time: (name: string, value: number, unitOf: string) =>
            record(series(name, unitOf), at, value, requests),
        };
      };
      const router = { Environment: 'local', Model: 'recommendation', ModelVersion: version };
      const ofRouter = count('Mlreg', router, 'Count');
      ofRouter.sum('Requests', requests);
      ofRouter.sum('Errors', failed);
      ofRouter.time('Latency', latencyMs, 'Milliseconds');
      const endpoint = { EndpointName: endpointName(version), VariantName: 'AllTraffic' };
      const ofEndpoint = count('AWS/SageMaker', endpoint, 'None');
      ofEndpoint.sum('Invocations', requests);
      ofEndpoint.sum('Invocation5XXErrors', failed);
      ofEndpoint.time('ModelLatency', latencyMs * 1_000, 'Microseconds');
    }
  };

  return {
    moved: (target) => void past.push({ at: now(), shares: shares(target) }),
    flow() {
      counted = Math.max(counted, secondOf(now() - longestMs));
      for (; counted + 1_000 <= now(); counted += 1_000) countSecond(counted);
    },
  };
}

const secondOf = (at: number): number => Math.floor(at / 1_000) * 1_000;
