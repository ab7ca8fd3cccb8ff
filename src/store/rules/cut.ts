import type { Comparison, Cut } from '../../ports/history.ts';
import type { Store } from '../../ports/store.ts';
import { follow, genesisOf, newChain, type Problem } from './chain.ts';
import { apply, emptyState, journalLength, lockOf, type State } from './fold.ts';
import { headLength, tailLength } from './record.ts';
import { readsOf, storeOverLog } from './store-over-log.ts';

interface Place {
  readonly environment: string;
  readonly model: string;
}

export interface Reading {
  readonly cut: Cut;
  /** What its records say. */
  readonly state: State;
  /** The first record that must not be believed; the cut ends before it. */
  readonly problem: Problem | null;
}

/**
 * The records in these bytes that count. Those that lost a race, or were never written whole, are left out.
 * @throws Error on a record of a kind that this program does not know
 */
export function readCut({ environment, model }: Place, bytes: Buffer): Reading {
  const chain = newChain(genesisOf({ environment, model }));
  const state = emptyState();
  const lines: string[] = [];
  const { problem = null } = follow(chain, bytes, (body) => {
    apply(state, body);
    lines.push(body.bytes.toString('utf8', body.start - headLength, body.end + tailLength));
  });
  return { cut: { environment, model, lines, head: chain.head }, state, problem };
}

/** As `readCut` reads it. */
export const bytesOf = ({ lines }: Pick<Cut, 'lines'>): Buffer =>
  Buffer.from(lines.map((line) => `${line}\n`).join(''));

/** What records say, which can only be read. */
export function readOnly(state: State): Store {
  const read = (): Promise<State> => Promise.resolve(state);
  const commit = (): Promise<never> => Promise.reject(new Error('these records can only be read'));
  const none = { snapshot: () => Promise.resolve(undefined), keepSnapshot: commit };
  return storeOverLog({ read, ...readsOf(read), ...none, commit }, 'read only');
}

/** The records of a cut that were read and checked before. */
export const viewOf = (cut: Cut): Store => readOnly(readCut(cut, bytesOf(cut)).state);

/** What marks that all records of a backup are there, and that no alias says so yet. */
const importedMark = ',"body":{"kind":"imported"';
const restoredMark = ',"body":{"kind":"restored"';

/** @param found what the store holds, read whole */
export function compareWith({ cut: found, state }: Pick<Reading, 'cut' | 'state'>, backup: Cut): Comparison {
  if (found.lines.length === 0) return { kind: 'empty' };
  const lock = lockOf(state);
  const shared = found.lines.findIndex((line, index) => line !== backup.lines[index]);
  if (shared === -1) return { kind: 'part', lock };
  const isLater = shared === backup.lines.length;
  const isImported = found.lines[shared]?.includes(importedMark) === true;
  if (isLater && isImported && lock.restoring === true) return { kind: 'begun', lock };
  const isUntouched = found.lines.at(-1)?.includes(restoredMark) === true;
  if (isLater && isImported && isUntouched) return { kind: 'done', lock };
  const known = readCut(backup, bytesOf(backup)).state;
  const rollouts = [...state.journals.keys()].filter(
    (id) => journalLength(state, id) > journalLength(known, id),
  );
  return { kind: 'other', lock, isLater, rollouts };
}
