import { type PendingTicks, pendingText } from '../domain/pending-ticks.ts';
import { type RolloutId, versionTag } from '../domain/units.ts';
import type { Metrics } from '../ports/index.ts';
import type { PendingStore } from '../ports/pending.ts';
import { createLooks, empty, type Looks } from './finality.ts';

/** Looks live as long as the connection they were made through; what they saw is kept for the next process. */
const known = new WeakMap<Metrics, Map<RolloutId, Looks>>();
/** What was kept last, as text. */
const kept = new WeakMap<Looks, string>();

const mostRollouts = 100;

/**
 * Never throws: where nothing was kept, or what was kept can't be read, looking begins anew, and a tick is final after
 * it has shown the same for `settle` before this process.
 */
export async function looksAt(metrics: Metrics, rollout: RolloutId, pending?: PendingStore): Promise<Looks> {
  let ofMetrics = known.get(metrics);
  if (ofMetrics === undefined) known.set(metrics, (ofMetrics = new Map<RolloutId, Looks>()));
  const own = ofMetrics.get(rollout);
  if (own !== undefined) return own;
  const last = await pending?.last(rollout).catch(() => null);
  const looks = last === null || last === undefined ? createLooks() : looksOf(last);
  if (ofMetrics.size >= mostRollouts) ofMetrics.clear();
  ofMetrics.set(rollout, looks);
  return looks;
}

/** Clocks differ by less. */
const agreementMs = 5_000;

/** Forgets what was seen at a time that has not come yet: the clock was wrong then, and nobody waits until it was right. */
export function forgetAhead(looks: Looks, now: number): void {
  const isAhead = (at: number): boolean => at > now + agreementMs;
  for (const seen of [looks.marks, looks.late])
    for (const [at, { since }] of seen) if (isAhead(since)) seen.delete(at);
  if (isAhead(looks.lateReadAt)) looks.lateReadAt = -Infinity;
  if (isAhead(looks.lookedAt)) looks.lookedAt = -Infinity;
  if (isAhead(looks.servedAt)) looks.servedAt = -Infinity;
  if (isAhead(looks.provenUntil)) looks.provenUntil = -Infinity;
  const { probe } = looks;
  if (probe !== undefined && (isAhead(probe.at) || (probe.sent.kind === 'sent' && isAhead(probe.sent.at))))
    delete looks.probe;
}

/** Keeps what is new for the next process. Never throws: a look that is not kept only makes that one wait longer. */
export async function keepLooks(looks: Looks, rollout: RolloutId, pending?: PendingStore): Promise<void> {
  if (pending === undefined) return;
  const all = pendingFrom(looks, rollout);
  const text = pendingText(all);
  if (kept.get(looks) === text) return;
  kept.set(looks, text);
  await pending.keep(all).catch(() => kept.delete(looks));
}

function pendingFrom({ marks, late, provenUntil, probe }: Looks, rollout: RolloutId): PendingTicks {
  const sent = probe?.sent.kind === 'sent' ? probe.sent : null;
  return {
    rollout,
    // A tick that shows nothing has done so since its end: there is nothing to remember of it.
    marks: marksOf(marks),
    ...(late.size === 0 ? {} : { late: marksOf(late) }),
    provenUntil: provenUntil === -Infinity ? null : provenUntil,
    // One that failed, or that nobody understood, is sent again.
    probe:
      probe === undefined || sent === null
        ? null
        : {
            at: probe.at,
            sentAt: sent.at,
            ...(sent.version === undefined ? {} : { version: sent.version }),
          },
  };
}

const marksOf = (marks: Looks['marks']): PendingTicks['marks'] =>
  [...marks].flatMap(([at, { mark, since }]) => (mark === empty ? [] : [[at, mark, since] as const]));

function looksOf({ marks, late = [], provenUntil, probe }: PendingTicks): Looks {
  const looks = createLooks();
  for (const [at, mark, since] of marks) looks.marks.set(at, { mark, since });
  for (const [at, mark, since] of late) looks.late.set(at, { mark, since });
  if (provenUntil !== null) looks.provenUntil = provenUntil;
  if (probe !== null) {
    const version = probe.version === undefined ? {} : { version: versionTag(probe.version) };
    looks.probe = { at: probe.at, sent: { kind: 'sent', at: probe.sentAt, ...version } };
  }
  return looks;
}
