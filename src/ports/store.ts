import type { Actor, Entry, EntryBody, Request, StoreId, StoreIdentity } from '../domain/journal.ts';
import type { VersionChange, VersionRecord } from '../domain/registry.ts';
import type { Elsewhere } from '../domain/restored-table.ts';
import type { Instant, RolloutId, VersionTag } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';

/** The one lock of an environment. Never deleted: its token must only grow. */
export interface LockRecord {
  readonly token: number;
  /** null when released. */
  readonly owner: Actor | null;
  readonly rollout: RolloutId | null;
  readonly takenAt: Instant;
  /** Changes with every write of the owner; who waits watches it on a clock of their own. */
  readonly beat: number;
  /** When the owner last showed that it lives, by its own clock. Undefined before the first time, and under an mlreg before this. */
  readonly seenAt?: Instant;
  /** 8 hex digits, drawn for this token. Undefined where an mlreg before format 2 took it. */
  readonly writer?: string;
  /** Undefined until the store gives out its first token under format 2. */
  readonly store?: StoreIdentity;
  /** The store that took this one's place: nothing is written here any more. */
  readonly sealedBy?: StoreId;
  /** It takes another store's place, and the alias does not say so yet: until then nobody takes a token. */
  readonly restoring?: true;
  /** The table that its tokens are given out in, as `NAME/ID`. Undefined for a store that is not in a table. */
  readonly table?: string;
  /** The records are in another table than that one: AWS restored it from a backup. Never written down. */
  readonly elsewhere?: Elsewhere;
}

export type AcquireOutcome =
  | { readonly kind: 'acquired'; readonly lock: LockRecord }
  | { readonly kind: 'held'; readonly lock: LockRecord };

export type AppendOutcome =
  | { readonly kind: 'appended'; readonly entries: readonly Entry[] }
  /** A newer token owns the environment: stop. */
  | { readonly kind: 'fenced'; readonly lock: LockRecord }
  /** The journal is not as long as expected: read it again. */
  | { readonly kind: 'moved'; readonly length: number };

/** What walking the whole history came to. */
export interface Audit {
  /** File or table. */
  readonly where: string;
  /** Records that count. */
  readonly records: number;
  /** Hash of the newest: anchored elsewhere it proves that nothing was cut off the end. */
  readonly head: string;
  /** Records that lost a race, and those that were never written whole: harmless. */
  readonly lost: number;
  readonly torn: number;
  /** The first thing that must not be believed; the numbers are of what stands before it. */
  readonly problem?: string;
}

/** What somebody wrote down of a journal's first entries, to save others the reading. */
export interface Snapshot {
  /** So many entries. */
  readonly length: number;
  readonly text: string;
}

/** The records are not what was written: nothing in them is acted upon. */
export class StoreDamaged extends UserError {}

/** Registry, lock, journals and inbox of ONE environment and model. All reads are consistent. */
export interface Store {
  lock(): Promise<LockRecord>;
  /**
   * Takes the lock under a new token. With `takeOver` even from an owner (whoever calls has judged it dead, or is a
   * person's abort); with `atLeast` the token will be larger than it, for an alias that carries a newer stamp; with
   * `ifToken` only while that is the newest token, so that whoever came in between keeps it.
   */
  acquire(request: {
    readonly owner: Actor;
    readonly rollout: RolloutId | null;
    readonly takeOver: boolean;
    readonly atLeast?: number;
    readonly ifToken?: number;
    readonly at: Instant;
  }): Promise<AcquireOutcome>;
  /** To whom a token was given. Undefined for a token that this store never gave out, or gave out before format 2. */
  writerOf(token: number): Promise<string | undefined>;
  /** Notes that another store took this one's place. From then on no token is given out, and the last one is fenced. */
  seal(by: StoreId): Promise<void>;
  /**
   * Begins to take the place of the stores that an alias's markers name, and of this one as it was: a new id, an epoch above
   * them all, and a token, under which the registry is rebuilt. Nobody else is given a token until `restored`.
   */
  restore(request: {
    readonly owner: Actor;
    readonly rollout: RolloutId;
    /** The largest epoch found. */
    readonly epoch: number;
    /** The largest token found. */
    readonly atLeast: number;
    /** The stores found. */
    readonly supersedes: readonly (StoreId & { readonly token: number })[];
    readonly at: Instant;
  }): Promise<LockRecord>;
  /** The alias carries this store's marker: it may be used again, and nobody owns it. False when fenced. */
  restored(token: number): Promise<boolean>;
  /** Shows that the owner lives. False when fenced. @param at now, by the owner's clock */
  beat(token: number, at?: Instant): Promise<boolean>;
  /** Clears the owner, keeps the token. False when fenced. */
  release(token: number): Promise<boolean>;

  /** Appends all or none, and applies `changes` in the same write. */
  append(request: {
    readonly rollout: RolloutId;
    readonly token: number;
    /** The journal's length as the writer knows it. */
    readonly length: number;
    readonly at: Instant;
    readonly entries: readonly EntryBody[];
    readonly changes?: readonly VersionChange[];
  }): Promise<AppendOutcome>;
  /** Entries from `from` (default 0) on; empty for an unknown rollout. */
  journal(rollout: RolloutId, from?: number): Promise<readonly Entry[]>;
  /** The last that was kept, as it was kept. It may be of another journal or damaged: nobody may believe it unchecked. */
  snapshot(rollout: RolloutId): Promise<Snapshot | undefined>;
  /** Unfenced, and no part of the history: what is lost, or not kept at all, costs time and nothing else. */
  keepSnapshot(rollout: RolloutId, snapshot: Snapshot): Promise<void>;
  /** Ids, newest first. */
  rollouts(): Promise<readonly RolloutId[]>;

  versions(): Promise<readonly VersionRecord[]>;
  version(tag: VersionTag): Promise<VersionRecord | undefined>;
  /** False where the version is registered already. */
  register(record: VersionRecord): Promise<boolean>;
  /** Registry changes outside a rollout (gc, adopt), under a token. False when fenced. */
  change(token: number, changes: readonly VersionChange[]): Promise<boolean>;

  /** The entry up to which (exclusive) each channel has been told of a rollout. */
  told(rollout: RolloutId): Promise<Readonly<Record<string, number>>>;
  /** Unfenced, and never back: telling twice is allowed, telling never isn't. Unknown rollouts are left alone. */
  setTold(rollout: RolloutId, channel: string, upTo: number): Promise<void>;

  /** Unfenced: anybody may ask. */
  post(rollout: RolloutId, request: Request): Promise<void>;
  /** Requests in the order posted, from index `from` on. */
  inbox(rollout: RolloutId, from: number): Promise<readonly Request[]>;
}
