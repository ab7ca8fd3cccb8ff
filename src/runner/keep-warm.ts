import type { Clock } from '../ports/index.ts';
import type { Platform } from '../ports/platform.ts';
import { previousGood, standingOf } from '../registry/known-good.ts';
import type { VersionRecord } from '../domain/registry.ts';
import type { Instant } from '../domain/units.ts';
import type { RolloutState } from '../engine/state.ts';
import { presentShare, warmingRequests } from '../engine/warmth.ts';

/** An endpoint to which users may have to return at any moment. */
export interface ReturnEndpoint {
  readonly endpoint: string;
  /** The part of all requests that it answers now, 0 to 1. */
  readonly present: number;
  /** All whose latency tells how many would be in flight there. */
  readonly endpoints: readonly string[];
}

/** Keeps that endpoint able to take everybody. What it sends changes nothing, so nobody waits for it and no journal tells of it. */
export interface WarmKeeper {
  /** Whether `keep` would send anything now. */
  isDue(): boolean;
  /** Sends as many requests as everybody would keep busy, unless that was done a moment ago. Never throws. */
  keep(target: ReturnEndpoint): void;
  /** Resolves when no request is under way, or after so long. */
  settled(withinMs: number): Promise<void>;
}

/** After a throttle the endpoint is left alone for so many rounds. */
const roundsAfterThrottle = 5;

export function createWarmKeeper(options: {
  readonly platform: Pick<Platform, 'load' | 'warmEndpoint'>;
  readonly clock: Clock;
  readonly everyMs: number;
}): WarmKeeper {
  const { platform, clock, everyMs } = options;
  let begun: number | null = null;
  let pauseMs = everyMs;
  let underWay: Promise<void> | null = null;

  const warm = async ({ endpoint, present, endpoints }: ReturnEndpoint): Promise<void> => {
    const load = await platform.load(endpoints);
    const { throttled } = await platform.warmEndpoint(endpoint, warmingRequests(load, present, 1));
    pauseMs = throttled ? roundsAfterThrottle * everyMs : everyMs;
  };
  const isDue = (): boolean => {
    if (underWay !== null) return false;
    const now = clock.now();
    // A clock that was set back must not let it go cold.
    return begun === null || now < begun || now - begun >= pauseMs;
  };
  return {
    isDue,
    keep(target) {
      if (!isDue()) return;
      begun = clock.now();
      underWay = warm(target)
        .catch(() => undefined)
        .finally(() => (underWay = null));
    },
    async settled(withinMs) {
      if (underWay === null) return;
      const over = new AbortController();
      const time = clock.sleepUntil((clock.now() + withinMs) as Instant, over.signal);
      await Promise.race([underWay, time]);
      over.abort();
    },
  };
}

/** Where users of a rollout return to; null while nobody has left it, and once there is no way back. */
export function returnEndpointOf(state: RolloutState): ReturnEndpoint | null {
  const { champion } = state.plan;
  if (champion === null || state.phase !== 'forward' || state.route === null) return null;
  const endpoint = state.endpoints[champion]?.name;
  const present = presentShare(state, champion);
  if (endpoint === undefined || present >= 1) return null;
  return { endpoint, present, endpoints: Object.values(state.endpoints).map(({ name }) => name) };
}

/** Where a rollback would lead while no rollout is under way, for as long as the previous version is kept. */
export function returnEndpointAfter(
  records: readonly VersionRecord[],
  now: Instant,
  keepPreviousMs: number,
): ReturnEndpoint | null {
  const record = previousGood(records, { withEndpoint: true });
  const standing = record === undefined ? undefined : standingOf(record);
  if (standing?.kind !== 'good' || now - standing.since >= keepPreviousMs) return null;
  const { endpoint } = standing.service;
  const serving = records.find(({ status }) => status === 'champion')?.endpoint?.name;
  return { endpoint, present: 0, endpoints: serving === undefined ? [endpoint] : [endpoint, serving] };
}
