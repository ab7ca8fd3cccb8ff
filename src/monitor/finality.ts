import type { ArmTick, Observation } from '../domain/observation.ts';
import type { ProbeSent, ServedCount } from '../ports/index.ts';
import { fewestUnseen, nothingUnseen, type Unseen } from './unseen.ts';

/** What earlier looks saw of ticks that have not entered the evidence: this process's own, and those that were kept. */
export interface Looks {
  /** By the tick's end, milliseconds: what it showed, and since when it has shown that. */
  readonly marks: Map<number, { readonly mark: string; readonly since: number }>;
  /** The same of ticks that had entered the evidence before they showed what they show now. */
  readonly late: Map<number, { readonly mark: string; readonly since: number }>;
  /** When those were read last. */
  lateReadAt: number;
  /** When a look read the metrics last. */
  lookedAt: number;
  /** A tagged request that was sent at this time, or later, has been seen in the metrics. */
  provenUntil: number;
  /** The newest tagged request, and when it was sent by the looker's clock. */
  probe?: { readonly at: number; readonly sent: ProbeSent };
  /** What AWS itself counted when it was asked last, and when that was. */
  served: readonly ServedCount[];
  servedAt: number;
}

export const createLooks = (): Looks => ({
  marks: new Map(),
  late: new Map(),
  lateReadAt: -Infinity,
  lookedAt: -Infinity,
  provenUntil: -Infinity,
  served: [],
  servedAt: -Infinity,
});

export interface FinalityRule {
  readonly tickMs: number;
  /** A tick that has not changed for so long is final. */
  readonly settleMs: number;
  /** At this age a tick is final whatever it shows. */
  readonly horizonMs: number;
  readonly now: number;
}

/** So many expected requests of an arm that shows none are no chance: its metrics are late, or lost. */
const expectedAtMost = 10;

/**
 * How many of the ticks, oldest first, are final: each has shown the same numbers for `settleMs`, and each arm either
 * shows requests in it or is known not to be merely late. Ticks enter the evidence in the order of time, so a tick that
 * is not final keeps back those after it; an age of `horizonMs` ends that.
 *
 * An arm is known not to be late where a later tick of it has settled, or a tagged request that was sent after the tick
 * has been seen. The latter does not count where the other arm's traffic, or AWS's own count, says that there must have been
 * requests.
 */
export function finalTicks(
  ticks: readonly Observation[],
  looks: Looks,
  rule: FinalityRule,
  unseen: Unseen = nothingUnseen,
): number {
  const { now, settleMs, horizonMs } = rule;
  const stands = ticks.map((tick) => now - standsSince(tick, looks.marks, rule) >= settleMs);
  const proven = { champion: provenUntil('champion'), challenger: provenUntil('challenger') };

  function provenUntil(arm: Arm): number {
    const last = ticks.findLastIndex((tick, i) => stands[i] === true && (tick[arm]?.requests ?? 0) > 0);
    return ticks[last]?.at ?? -Infinity;
  }

  function isKnown(tick: Observation, arm: Arm): boolean {
    const own = tick[arm];
    if (own === null || own.requests > 0 || tick.at <= proven[arm]) return true;
    if (unseen(arm, tick.at) >= fewestUnseen) return false;
    // Requests without an id, or set aside, come the same way.
    if (others(tick) > 0 && missing(arm) < expectedAtMost) return true;
    return tick.at <= looks.provenUntil && missing(arm) < expectedAtMost;
  }

  /** Requests that the arm should have had since it was last seen, by the other arm's traffic and the planned share. */
  function missing(arm: Arm): number {
    const other: Arm = arm === 'champion' ? 'challenger' : 'champion';
    let sum = 0;
    for (const tick of ticks) {
      const share = (arm === 'challenger' ? tick.plannedPercent : 100 - tick.plannedPercent) / 100;
      if (tick.at <= proven[arm] || share <= 0 || share >= 1) continue;
      sum += ((tick[other]?.requests ?? 0) * share) / (1 - share);
    }
    return sum;
  }

  const kept = ticks.findIndex((tick, i) => {
    const age = now - tick.at;
    if (age >= horizonMs && age >= settleMs) return false;
    return !(
      age >= settleMs &&
      stands[i] === true &&
      isKnown(tick, 'champion') &&
      isKnown(tick, 'challenger')
    );
  });
  return kept === -1 ? ticks.length : kept;
}

type Arm = 'champion' | 'challenger';

/** Since when the tick has shown what it shows now. Remembers it. */
export function standsSince(
  tick: Observation,
  marks: Looks['marks'],
  { now, tickMs }: Pick<FinalityRule, 'now' | 'tickMs'>,
): number {
  const mark = markOf(tick);
  const known = marks.get(tick.at);
  if (known?.mark === mark) return known.since;
  // Nothing is what a tick shows from its end on. Numbers that are new may have come at any time since the last look.
  const since = mark === empty ? tick.at : Math.max(tick.at, Math.floor(now / tickMs) * tickMs);
  marks.set(tick.at, { mark, since });
  return since;
}

/** Forgets ticks that have entered the evidence. */
export function forget({ marks }: Looks, upTo: number): void {
  for (const at of marks.keys()) if (at <= upTo) marks.delete(at);
}

/** The mark of a tick in which neither arm shows anything. */
export const empty = '/';

function markOf({ champion, challenger, copies }: Observation): string {
  const both = `${armMark(champion)}/${armMark(challenger)}`;
  return copies === undefined || copies.compared + copies.sent === 0
    ? both
    : `${both}/${JSON.stringify(copies)}`;
}

/** AWS's own count of endpoint errors is left out: it comes by the minute, and much later than all else. */
function armMark(arm: ArmTick | null): string {
  if (arm === null || (arm.requests === 0 && arm.throttles === 0)) return '';
  const timed = arm.latency?.count.reduce((sum, count) => sum + count, 0) ?? 0;
  return [arm.requests, arm.errors, arm.throttles, timed, arm.meanLatencyMs ?? ''].join();
}

const others = ({ anonymous, champion, challenger }: Observation): number =>
  (anonymous?.requests ?? 0) + (champion?.aside?.requests ?? 0) + (challenger?.aside?.requests ?? 0);

/** No arm that has a share shows a request. */
export const isSilent = (tick: Observation): boolean =>
  (tick.champion?.requests ?? 0) + (tick.challenger?.requests ?? 0) + others(tick) === 0;
