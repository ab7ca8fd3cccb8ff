import type { Entry } from '../domain/journal.ts';
import type { Instant, RolloutId } from '../domain/units.ts';
import { recordedBakes } from '../engine/recorded-bakes.ts';
import { replay } from '../engine/fold-journal.ts';
import { observationsFormat } from './observations.ts';

/**
 * A rollout's observations in the format that `mlreg replay` reads: with its plan's policy, and with when its bakes
 * began and were over, so that judging them again comes to the same decision at the same tick.
 */
export function* observationLines(id: RolloutId, entries: readonly Entry[]): Generator<string> {
  const { plan, observations, salt } = replay(id, entries);
  yield JSON.stringify({
    format: observationsFormat,
    tickSeconds: plan.tickMs / 1_000,
    rollout: id,
    // Which user buckets were whose: without users compared nobody needs it.
    salt: plan.policy.users === undefined ? undefined : salt,
    policy: plan.policy,
    bakes: recordedBakes(id, entries).map(({ from, over, extendMs, ...bake }) => ({
      ...bake,
      from: text(from),
      over: over === null ? null : text(over),
      extendSeconds: extendMs / 1_000,
    })),
  });
  for (const { at, tickMs: _, late, ...tick } of observations)
    yield JSON.stringify({
      at: text(at),
      ...tick,
      // Left out where there is none.
      late: late?.map((arrived) => ({ ...arrived, at: text(arrived.at) })),
    });
}

const text = (at: Instant): string => new Date(at).toISOString();
