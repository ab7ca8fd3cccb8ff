import type { AliasTarget } from '../../../src/domain/route.ts';
import { type MetricStore, record } from '../../../src/local-aws/core/cloudwatch/metric-store.ts';
import { type Behaviour, copiesIn, failedOf, sharesOf, type Variables } from '../aws-model.ts';
import type { Story } from '../story.ts';
import { armOf } from '../../../src/domain/arm.ts';
import { versionTag } from '../../../src/domain/units.ts';
import { endpointName } from '../versions.ts';

export interface Traffic {
  /** Users get this from now on. */
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
  readonly variables: (functionVersion: string) => Variables;
}): Traffic {
  const { metrics, now, story, behaviour, variables } = world;
  const past: {
    readonly at: number;
    readonly shares: Readonly<Record<string, number>>;
    readonly copies: ReturnType<typeof copiesIn>;
  }[] = [];
  let counted = secondOf(now());

  const behaviourOf = (version: string): Behaviour =>
    behaviour[armOf(versionTag(version)).version] ?? { errors: 0, latencyMs: 20 };
  const counter = (namespace: string, dimensions: Record<string, string>, unit: string, at: number) => {
    const add = (metricName: string, unitOf: string, value: number, times: number): void => {
      if (times > 0)
        record(metrics.series({ namespace, metricName, dimensions }, unitOf, 1), at, value, times);
    };
    return {
      sum: (name: string, value: number) => add(name, unit, value, 1),
      time: (name: string, unitOf: string, value: number, times: number) => add(name, unitOf, value, times),
    };
  };
  const routerOf = (version: string, at: number) =>
    counter('Mlreg', { Environment: 'local', Model: 'recommendation', ModelVersion: version }, 'Count', at);

  const countRequests = (version: string, requests: number, at: number): void => {
    const { errors, latencyMs } = behaviourOf(version);
    const failed = failedOf(requests, errors, at / 1_000);
    const router = routerOf(version, at);
    // As the router does: a request is a sample of Errors, 0 or 1.
    router.time('Errors', 'Count', 0, requests - failed);
    router.time('Errors', 'Count', 1, failed);
    router.time('Latency', 'Milliseconds', latencyMs, requests);
    const dimensions = { EndpointName: endpointName(version), VariantName: 'AllTraffic' };
    const endpoint = counter('AWS/SageMaker', dimensions, 'None', at);
    endpoint.sum('Invocations', requests);
    endpoint.sum('Invocation5XXErrors', failed);
    endpoint.time('ModelLatency', 'Microseconds', latencyMs * 1_000, requests);
  };
  const countCopies = (champion: string, challenger: string, copies: number, at: number): void => {
    const ours = behaviourOf(champion);
    const theirs = behaviourOf(challenger);
    routerOf(champion, at).sum('ShadowSent', copies);
    const shadow = routerOf(challenger, at);
    shadow.sum('ShadowRequests', copies);
    shadow.sum('ShadowErrors', failedOf(copies, theirs.errors, at / 1_000));
    shadow.sum('ShadowChampionErrors', failedOf(copies, ours.errors, at / 1_000));
    shadow.sum('ShadowCompared', copies);
    // A good challenger answers as the champion does.
    const disagreed = theirs.errors > 0 ? copies : 0;
    shadow.sum('ShadowDisagreed', disagreed);
    shadow.sum('ShadowDistance', disagreed / 2);
    shadow.time('ShadowLatency', 'Milliseconds', theirs.latencyMs, copies);
    shadow.time('ShadowChampionLatency', 'Milliseconds', ours.latencyMs, copies);
  };
  const countSecond = (at: number): void => {
    const then = past.findLast((since) => since.at <= at + 500) ?? past[0];
    if (then === undefined) return;
    const part = (share: number): number => Math.round((story.requestsPerTick * share) / 100);
    for (const [version, share] of Object.entries(then.shares))
      if (part(share) > 0) countRequests(version, part(share), at);
    const { copies } = then;
    if (copies !== null) countCopies(copies.champion, copies.challenger, part(copies.sample), at);
  };

  return {
    moved: (target) =>
      void past.push({
        at: now(),
        shares: sharesOf(target, variables),
        copies: copiesIn(target, variables),
      }),
    flow() {
      counted = Math.max(counted, secondOf(now() - longestMs));
      for (; counted + 1_000 <= now(); counted += 1_000) countSecond(counted);
    },
  };
}

const secondOf = (at: number): number => Math.floor(at / 1_000) * 1_000;
