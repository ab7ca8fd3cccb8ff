import { dirname } from 'node:path';
import { UserError } from '../domain/user-error.ts';
import type { RolloutId } from '../domain/units.ts';
import type { Snapshot } from '../ports/store.ts';
import { type Chain, follow, newChain } from './rules/chain.ts';
import { appendTo, readFrom, sizeOf, syncFile, syncNames } from './file.ts';
import type { FileSystem } from './file-system.ts';
import { keepOutOfGit } from './git-ignore.ts';
import { readSnapshotFile, writeSnapshotFile } from './file-snapshot.ts';
import { apply, emptyState, encode, type State } from './rules/fold.ts';
import { damaged, differentFile, newerFormat } from './refusals.ts';
import { encodeRecord, tailLength, tailOf } from './rules/record.ts';
import { type Log, readsOf } from './rules/store-over-log.ts';
import { turns } from './rules/turns.ts';

export interface LogFile {
  readonly path: string;
  /** What the first record builds on. */
  readonly genesis: string;
  /** 16 hex digits, different in every store opened: two equal requests must not make one record. */
  readonly writer: string;
  readonly fs: FileSystem;
}

/**
 * A log in one append-only file that any number of processes write at once, without a lock to leave behind. A writer
 * appends a record that builds on the head it knows, then reads on: if the first record to build on that head is its
 * own, it counts. If not, another came first, and the writer decides anew. Three rules make this hold:
 * - A record is one write(2) with O_APPEND, which local file systems don't interleave (a network file system may; the
 *   pieces are torn records then, and nobody is told that they count).
 * - It is written only when the record it builds on is on disk. So a power cut, which may keep a later write and lose
 *   an earlier one, leaves no record without the one before it, and only damage does.
 * - It counts for its own writer only when it is on disk.
 */
export function openFileLog({ path, genesis, writer, fs }: LogFile): Log {
  let state = emptyState();
  let chain = newChain(genesis);
  let snapshots = new Map<RolloutId, Snapshot>();
  /** What was kept beside the log has been looked at. */
  let isOpened = false;
  /** The first entry of each journal that was read, where older ones were not; null: all were. */
  let unread: ReadonlyMap<RolloutId, number> | null = null;
  /** The head that is known to be on disk. */
  let durable: string | undefined = genesis;
  let named = false;
  let ignored = false;
  const inTurn = turns();

  async function catchUp(): Promise<void> {
    if (isOpened) return readOn();
    isOpened = true;
    const found = await readSnapshotFile(fs, path, genesis);
    if (found === null) return readOn();
    ({ chain, state } = found);
    snapshots = new Map(found.snapshots);
    unread = new Map([...state.journals].map(([id, { length, parts }]) => [id, parts[0]?.from ?? length]));
    durable = undefined;
    try {
      await readOn();
    } catch (error) {
      // The log alone is believed: what does not fit it may be the snapshot's mistake.
      if (!(error instanceof UserError) || error.fault !== 'conflict') throw error;
      await readWhole();
    }
  }

  async function readWhole(): Promise<void> {
    state = emptyState();
    chain = newChain(genesis);
    unread = null;
    durable = undefined;
    await readOn();
  }

  /** For what lies before a snapshot. @throws UserError conflict, where this is not the log that has been acted upon */
  async function readOlder(): Promise<void> {
    const { head } = chain;
    await readWhole();
    if (!chain.ancestors.has(head)) throw differentFile(path);
  }

  async function readOn(): Promise<void> {
    const bytes = await readNew(fs, path, chain);
    if (bytes === undefined) return;
    const { problem } = follow(chain, bytes, (body, line) => {
      try {
        apply(state, body);
      } catch (cause) {
        throw newerFormat(path, line, cause);
      }
    });
    if (problem !== undefined) throw damaged(path, problem);
  }

  async function settle(): Promise<void> {
    const head = chain.head;
    await syncFile(fs, path);
    if (!named) await syncNames(fs, path);
    named = true;
    durable = head;
  }

  const read = (): Promise<State> =>
    inTurn(async () => {
      await catchUp();
      return state;
    });
  const { journal, inbox, writerOf } = readsOf(read);
  /** Reads the log whole first, where what is asked for lies before a snapshot. */
  const whole = (isBefore: () => boolean): Promise<void> =>
    inTurn(async () => {
      await catchUp();
      if (unread !== null && isBefore()) await readOlder();
    });
  return {
    read,
    inbox,
    async journal(rollout, from) {
      await whole(() => from < (unread?.get(rollout) ?? 0));
      return journal(rollout, from);
    },
    async writerOf(token) {
      await whole(() => !state.writers.has(token));
      return writerOf(token);
    },
    snapshot: (rollout) =>
      inTurn(async () => {
        await catchUp();
        return snapshots.get(rollout);
      }),
    keepSnapshot: (rollout, snapshot) =>
      inTurn(async () => {
        await catchUp();
        snapshots.delete(rollout);
        snapshots.set(rollout, snapshot);
        await writeSnapshotFile(fs, path, genesis, { chain, state, snapshots });
      }),
    commit: (decide) =>
      inTurn(async () => {
        for (let tries = 0; tries < mostTries; tries++) {
          await catchUp();
          const decision = decide(state);
          if (decision.kind === 'answer') return decision.value;
          if (durable !== chain.head) {
            await settle();
            await catchUp();
            if (durable !== chain.head) continue;
          }
          const record = encodeRecord(chain.head, writer, encode(decision.transaction));
          if (!ignored) await keepOutOfGit(fs, dirname(path));
          ignored = true;
          await appendTo(fs, path, record.line);
          await catchUp();
          if (chain.ancestors.has(record.hash)) {
            await settle();
            return decision.value;
          }
        }
        throw new UserError('conflict', `${path}: other writers came first ${mostTries} times in a row`, {
          why: 'nothing was changed',
          mend: 'the same command again',
        });
      }),
  };
}

/** A loser waits for the winner's disk before it tries again, so this many take seconds. */
const mostTries = 500;

/** The bytes from `chain.offset` on; undefined where there are none. */
async function readNew(fs: FileSystem, path: string, chain: Chain): Promise<Buffer | undefined> {
  const size = await sizeOf(fs, path);
  if (size === chain.offset) return undefined;
  if (size < chain.offset) throw differentFile(path);
  // From the last record's own hash on, to see that this is the file it was.
  const from = chain.anchor?.at ?? 0;
  const bytes = await readFrom(fs, path, from, size);
  if (chain.anchor !== undefined && bytes.toString('latin1', 0, tailLength) !== tailOf(chain.anchor.hash)) {
    throw differentFile(path);
  }
  return bytes.subarray(chain.offset - from);
}
