import * as z from 'zod';
import type { Entry } from '../domain/journal.ts';
import type { RolloutId } from '../domain/units.ts';
import type { Snapshot } from '../ports/store.ts';
import { type Chain, newChain } from './rules/chain.ts';
import { readFrom, sizeOf } from './file.ts';
import type { FileSystem } from './file-system.ts';
import { emptyState, partsOf, readJournal, type State } from './rules/fold.ts';
import { sha256 } from './rules/record.ts';

/*
 * What the log's first bytes come to, in a file beside it: so that opening a store need not read a long journal. It holds no
 * entries. Whoever needs older ones, or finds that it does not fit the log, reads the log whole.
 */

const format = 1;
/** Rollouts whose own snapshots are kept: what is asked for is the newest. */
const mostRollouts = 3;
/** Losers of a race build on a head that was the newest a moment ago. */
const mostAncestors = 1_000;
const mostWriters = 1_000;

const count = z.int().min(0);
const kept = z.object({
  format: z.literal(format),
  genesis: z.string(),
  chain: z.object({
    head: z.string(),
    ancestors: z.array(z.string()),
    offset: count,
    lines: count,
    anchor: z.object({ at: count, hash: z.string().length(64) }),
    records: count,
    lost: count,
    torn: count,
  }),
  holder: z.looseObject({ token: count }),
  beats: count,
  writers: z.array(z.tuple([count, z.string()])),
  journals: z.array(
    z.tuple([
      z.string(),
      z.object({
        length: count,
        told: z.record(z.string(), count),
        /** Those of its last append, by whose text a rollout's own snapshot is recognised: field by field in their order. */
        last: z.array(z.record(z.string(), z.unknown())),
      }),
    ]),
  ),
  versions: z.array(z.tuple([z.string(), z.looseObject({ version: z.string() })])),
  inboxes: z.array(z.tuple([z.string(), z.array(z.looseObject({ kind: z.string() }))])),
  snapshots: z.array(z.tuple([z.string(), z.object({ length: count, text: z.string() })])),
});

/** A log as far as a snapshot goes. Its state has the journals' lengths, and of entries and writers only the last. */
export interface Restored {
  readonly chain: Chain;
  readonly state: State;
  readonly snapshots: ReadonlyMap<RolloutId, Snapshot>;
}

export const snapshotPath = (path: string): string => `${path}.snapshot`;

/** null where there is none, or it is damaged, of another log or of another format. Never throws. */
export async function readSnapshotFile(
  fs: FileSystem,
  path: string,
  genesis: string,
): Promise<Restored | null> {
  try {
    const file = snapshotPath(path);
    const bytes = await readFrom(fs, file, 0, await sizeOf(fs, file));
    const newline = bytes.indexOf(10);
    const body = bytes.subarray(newline + 1);
    if (newline === -1 || bytes.toString('latin1', 0, newline) !== sha256(body)) return null;
    const found = kept.parse(JSON.parse(body.toString('utf8')));
    if (found.genesis !== genesis) return null;
    const { ancestors, ...rest } = found.chain;
    const chain: Chain = { ...newChain(genesis), ...rest, ancestors: new Set(ancestors) };
    const state: State = {
      ...emptyState(),
      holder: found.holder as unknown as State['holder'],
      beats: found.beats,
      writers: new Map(found.writers),
      journals: new Map(
        found.journals.map(([id, { length, told, last }]) => [
          id as RolloutId,
          { length, told, parts: partsOf(last as unknown as readonly Entry[]) },
        ]),
      ),
      versions: new Map(found.versions) as unknown as State['versions'],
      inboxes: new Map(found.inboxes) as unknown as State['inboxes'],
    };
    return {
      chain,
      state,
      snapshots: new Map(found.snapshots.map(([id, snapshot]) => [id as RolloutId, snapshot])),
    };
  } catch {
    return null;
  }
}

/** @throws Error where it can't be written: nothing is lost by that */
export async function writeSnapshotFile(
  fs: FileSystem,
  path: string,
  genesis: string,
  { chain, state, snapshots }: Restored,
): Promise<void> {
  if (fs.replace === undefined || chain.anchor === undefined) return;
  const { anchor, head, offset, lines, records, lost, torn } = chain;
  const found: z.input<typeof kept> = {
    format,
    genesis,
    chain: {
      ...{ anchor, head, offset, lines, records, lost, torn },
      ancestors: [...chain.ancestors].slice(-mostAncestors),
    },
    holder: state.holder,
    beats: state.beats,
    writers: [...state.writers].slice(-mostWriters),
    journals: [...state.journals].map(([id, { length, told, parts }]) => [
      id,
      {
        length,
        told: { ...told },
        last: readJournal(state, id, parts.at(-1)?.from ?? length).map((entry) => ({ ...entry })),
      },
    ]),
    versions: [...state.versions].map(([tag, record]) => [tag, { ...record }]),
    inboxes: [...state.inboxes].map(([id, requests]) => [id, requests.map((request) => ({ ...request }))]),
    snapshots: [...snapshots].slice(-mostRollouts),
  };
  const body = Buffer.from(JSON.stringify(found));
  await fs.replace(snapshotPath(path), Buffer.concat([Buffer.from(`${sha256(body)}\n`), body]));
}
