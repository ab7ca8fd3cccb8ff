import { isController } from '../domain/controller.ts';
import { type Instant, instant, later, type RolloutId } from '../domain/units.ts';
import type { Sighting } from '../ports/sightings.ts';
import type { LockRecord } from '../ports/store.ts';
import type { RolloutState } from '../engine/state.ts';

/** Whose a rollout is, and so what the controller does with it. */
export type Custody =
  /** There is nothing to drive. */
  | { readonly kind: 'rest'; readonly why: string }
  /** The controller's own: its next lap. */
  | { readonly kind: 'carry-on' }
  /** AWS denied the controller what it needs: it tries again then, and anybody else may meanwhile. */
  | { readonly kind: 'stand-back'; readonly until: Instant; readonly why: string }
  /** Nobody drives it. */
  | { readonly kind: 'adopt'; readonly why: string }
  /** Somebody else seems to; an orphan from `until` on, where nothing is heard of them before. */
  | { readonly kind: 'watch'; readonly sighting: Sighting; readonly until: Instant };

export interface Seen {
  /** The newest rollout; null where there is none. */
  readonly rollout: Pick<RolloutState, 'id' | 'outcome'> | null;
  readonly lock: LockRecord;
  /** Whether the owner's process runs, as far as this machine can tell. */
  readonly process: 'alive' | 'dead' | 'unknown';
  /** What was seen of the lock before. */
  readonly sighting: Sighting | null;
  readonly now: Instant;
  /** Silence for so long, on the controller's own clock, is death. */
  readonly silenceMs: number;
  /** When AWS last denied the controller a write of the alias, and nobody else has driven the rollout since. */
  readonly deniedAt: Instant | null;
  /** Whether this look is one that drives what the controller owns; a sweep only sees that somebody does. */
  readonly drives: boolean;
}

/** Each try costs a token and journal entries, and what AWS denies it seldom grants within seconds. */
const deniedPauseMs = 30_000;

/** The rule, and pure. */
export function custodyOf(seen: Seen): Custody {
  const custody = custodyAtOnce(seen);
  const { deniedAt, now } = seen;
  if (deniedAt === null || (custody.kind !== 'carry-on' && custody.kind !== 'adopt')) return custody;
  const until = later(deniedAt, deniedPauseMs);
  // A clock that was set back must not make anybody wait.
  if (now >= until || now < deniedAt) return custody;
  return { kind: 'stand-back', until, why: 'AWS denied the controller the alias; it tries again later' };
}

function custodyAtOnce({ rollout, lock, process, sighting, now, silenceMs, drives }: Seen): Custody {
  if (rollout === null) return { kind: 'rest', why: 'there was never a rollout' };
  if (rollout.outcome !== null) return { kind: 'rest', why: restWhy(rollout.id, rollout.outcome.kind) };
  const { owner } = lock;
  if (owner === null) return { kind: 'adopt', why: 'nobody drives it' };
  const who = `${owner.name} on ${owner.host} (pid ${owner.pid})`;
  // Somebody who begins, or tidies up: the lock isn't this rollout's.
  if (lock.rollout === rollout.id) {
    if (isController(owner) && drives) return { kind: 'carry-on' };
    if (process === 'dead') return { kind: 'adopt', why: `${who} is gone` };
  }
  const isSame =
    sighting !== null &&
    sighting.rollout === rollout.id &&
    sighting.token === lock.token &&
    sighting.beat === lock.beat;
  // A clock that was set back begins anew: it must never make an owner look older.
  const since = isSame && sighting.since <= now ? sighting.since : now;
  if (now - since >= silenceMs) {
    return {
      kind: 'adopt',
      why: `${who} has given no sign of life for ${Math.round((now - since) / 1_000)} s`,
    };
  }
  return {
    kind: 'watch',
    sighting: { rollout: rollout.id, token: lock.token, beat: lock.beat, since: instant(since) },
    until: later(since, silenceMs),
  };
}

const restWhy = (id: RolloutId, outcome: string): string =>
  outcome === 'stuck' ? `${id} is stuck: a person must look` : `${id} has ended`;
