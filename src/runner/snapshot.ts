import { hash } from 'node:crypto';
import type { Entry } from '../domain/journal.ts';
import type { ArmTick, CopiesTick, Observation } from '../domain/observation.ts';
import type { RolloutId } from '../domain/units.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { Snapshot, Store } from '../ports/store.ts';
import { apply, replay } from '../engine/fold-journal.ts';
import { copiesOf } from '../engine/shadow-report.ts';
import type { RolloutState } from '../engine/state.ts';

/*
 * What a journal's first entries come to, kept beside it, so that status and abort need not read a long bake from its
 * beginning. It is a saving and no record: whatever does not fit the journal is ignored, and the journal read whole.
 */

/** Raised whenever `RolloutState`, or what `apply` makes of an entry, changes: what an older mlreg folded is read no more. */
export const snapshotFormat = 8;

/** So many entries make it worth while. */
export const snapshotEvery = 256;

interface Written {
  readonly format: number;
  /** SHA-256 of the last entry that is folded: whether this is that journal. */
  readonly anchor: string;
  /** SHA-256 of `body`: whether it is whole. */
  readonly sum: string;
  /** A RolloutState as JSON; its ticks are one. */
  readonly body: string;
}

type Source = Pick<Store, 'journal' | 'snapshot'>;

/** @param last the entry that `state` ends with */
export function snapshotOf(state: RolloutState, verdict: Verdict | null, last: Entry): Snapshot {
  const { observations, summary } = state;
  const ticks = observations.length + (summary === undefined ? 0 : summary.ticks - 1);
  const all = together(observations);
  const short: RolloutState = {
    ...state,
    observations: all === null ? [] : [all],
    ...(all === null ? {} : { summary: { ticks, verdict } }),
  };
  const body = JSON.stringify(short);
  const written: Written = { format: snapshotFormat, anchor: hashOf(last), sum: sha256(body), body };
  return { length: state.length, text: JSON.stringify(written) };
}

/**
 * The rollout as its journal tells it now, for whoever judges nothing: the ticks up to a snapshot are one, with their sums,
 * and the verdict on them is the snapshot's. @throws Error where there is no such journal
 */
export async function foldedState(store: Source, rollout: RolloutId): Promise<RolloutState> {
  const state = await knownState(store, rollout);
  return state ?? replay(rollout, []);
}

/** The same; null where there is no such journal. */
export async function knownState(store: Source, rollout: RolloutId): Promise<RolloutState | null> {
  const found = await store.snapshot(rollout).catch(() => undefined);
  const folded = found === undefined ? null : await continued(store, rollout, found);
  if (folded !== null) return folded;
  const entries = await store.journal(rollout);
  return entries.length === 0 ? null : replay(rollout, entries);
}

/** null where the snapshot is not of this journal, not whole, or of another format. */
async function continued(
  store: Source,
  rollout: RolloutId,
  { length, text }: Snapshot,
): Promise<RolloutState | null> {
  const read = readSnapshot(text);
  if (read === null || read.state.id !== rollout || read.state.length !== length || length < 1) return null;
  const [last, ...rest] = await store.journal(rollout, length - 1);
  if (last === undefined || hashOf(last) !== read.anchor) return null;
  return rest.reduce(apply, read.state);
}

export function readSnapshot(text: string): { readonly state: RolloutState; readonly anchor: string } | null {
  try {
    const { format, anchor, sum, body } = JSON.parse(text) as Partial<Written>;
    if (format !== snapshotFormat || typeof body !== 'string' || typeof anchor !== 'string') return null;
    if (sha256(body) !== sum) return null;
    return { state: JSON.parse(body) as RolloutState, anchor };
  } catch {
    return null;
  }
}

/**
 * Whether a snapshot says what the journal says, for who audits: it is read whole there.
 * @returns null where it may be believed, or is ignored anyway
 */
export function contradiction(entries: readonly Entry[], { length, text }: Snapshot): string | null {
  const read = readSnapshot(text);
  const last = entries[length - 1];
  if (read === null || last === undefined || hashOf(last) !== read.anchor) return null;
  const { id } = read.state;
  const { summary, ...told } = read.state;
  const folded = snapshotOf(replay(id, entries.slice(0, length)), summary?.verdict ?? null, last);
  const { summary: _known, ...meant } = readSnapshot(folded.text)?.state ?? read.state;
  return JSON.stringify(told) === JSON.stringify(meant)
    ? null
    : `the snapshot of ${id} does not say what its first ${length} entries say`;
}

const sha256 = (text: string): string => hash('sha256', text, 'hex');
const hashOf = (entry: Entry): string => sha256(JSON.stringify(entry));

/** The sums of all ticks as one tick, which nobody judges; null where there are none. */
function together(observations: readonly Observation[]): Observation | null {
  const last = observations.at(-1);
  if (last === undefined) return null;
  const copies: CopiesTick | null = copiesOf(observations);
  return {
    at: last.at,
    tickMs: last.tickMs,
    plannedPercent: last.plannedPercent,
    champion: armsTogether(observations.map(({ champion }) => champion)),
    challenger: armsTogether(observations.map(({ challenger }) => challenger)),
    ...(copies === null ? {} : { copies }),
    // Nobody called then: that no request was seen is known.
    ...(observations.some(({ quiet }) => quiet === true) ? { quiet: true as const } : {}),
  };
}

function armsTogether(arms: readonly (ArmTick | null)[]): ArmTick | null {
  let sum: { requests: number; errors: number; throttles: number } | null = null;
  let weighted = 0;
  for (const arm of arms) {
    if (arm === null) continue;
    sum ??= { requests: 0, errors: 0, throttles: 0 };
    sum.requests += arm.requests;
    sum.errors += arm.errors;
    sum.throttles += arm.throttles;
    weighted += (arm.meanLatencyMs ?? 0) * arm.requests;
  }
  if (sum === null) return null;
  return sum.requests === 0 ? sum : { ...sum, meanLatencyMs: weighted / sum.requests };
}

/** Whether nobody need ever take it up. @throws Error where there is no such journal */
export async function isOverIn(store: Source, rollout: RolloutId): Promise<boolean> {
  const { outcome } = await foldedState(store, rollout);
  return outcome !== null && outcome.kind !== 'stuck';
}

/** Kept by the owner while it waits, whenever the journal has grown by so many entries since `before`. Never throws. */
export async function keepSnapshot(
  store: Pick<Store, 'journal' | 'keepSnapshot'>,
  state: RolloutState,
  verdict: Verdict | null,
  before: number,
): Promise<void> {
  if (Math.floor(state.length / snapshotEvery) === Math.floor(before / snapshotEvery)) return;
  try {
    const [last] = await store.journal(state.id, state.length - 1);
    if (last !== undefined) await store.keepSnapshot(state.id, snapshotOf(state, verdict, last));
  } catch {
    // A saving: the journal is read whole without it.
  }
}
