import type { Instant, RolloutId } from './units.ts';

type Mark = readonly [at: number, mark: string, since: number];

/**
 * What the looks of a rollout's owners saw of ticks that are not final yet. It is kept outside of the journal: a process
 * that does not find it only waits longer before a tick is final.
 */
export interface PendingTicks {
  readonly rollout: RolloutId;
  /** Each tick's end in milliseconds, what the tick showed, and since when it has shown that. */
  readonly marks: readonly Mark[];
  /** The same of ticks that changed after they had entered the evidence. */
  readonly late?: readonly Mark[];
  /** A tagged request that was sent at this time, or later, has been seen in the metrics; null: none has. */
  readonly provenUntil: number | null;
  /** The newest tagged request that was sent: when by the looker's clock, when by the function's, and its version. */
  readonly probe: { readonly at: number; readonly sentAt: Instant; readonly version?: string } | null;
}

/** As one line of JSON, the same in every store. */
export const pendingText = (pending: PendingTicks): string => JSON.stringify(pending);

/** null: no such text, or one that this program does not understand. */
export function pendingOf(text: unknown): PendingTicks | null {
  if (typeof text !== 'string') return null;
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return null;
  }
  return isPending(read) ? read : null;
}

function isPending(given: unknown): given is PendingTicks {
  if (typeof given !== 'object' || given === null) return false;
  const {
    rollout,
    marks,
    late = [],
    provenUntil,
    probe,
  } = given as Partial<Record<keyof PendingTicks, unknown>>;
  return (
    typeof rollout === 'string' &&
    Array.isArray(marks) &&
    marks.every(isMark) &&
    Array.isArray(late) &&
    late.every(isMark) &&
    (provenUntil === null || Number.isFinite(provenUntil)) &&
    (probe === null || isProbe(probe))
  );
}

const isMark = (given: unknown): boolean =>
  Array.isArray(given) &&
  Number.isFinite(given[0]) &&
  typeof given[1] === 'string' &&
  Number.isFinite(given[2]);

function isProbe(given: unknown): boolean {
  const { at, sentAt, version } = (given ?? {}) as Record<string, unknown>;
  return (
    Number.isFinite(at) && Number.isFinite(sentAt) && (version === undefined || typeof version === 'string')
  );
}
