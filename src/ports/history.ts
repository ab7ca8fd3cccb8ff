import type { Actor } from '../domain/journal.ts';
import type { Instant, RolloutId } from '../domain/units.ts';
import type { LockRecord, Store } from './store.ts';

/** A store's history up to one moment: a prefix of its chain of records, byte for byte. */
export interface Cut {
  readonly environment: string;
  readonly model: string;
  /** The records that count, oldest first, each as its line was written. */
  readonly lines: readonly string[];
  /** Hash of the newest one; that of an empty chain where there is none. */
  readonly head: string;
}

/** What a store holds, compared with a backup. */
export type Comparison =
  /** Nothing. */
  | { readonly kind: 'empty' }
  /** A part of the backup, or all of it, and nothing else. */
  | { readonly kind: 'part'; readonly lock: LockRecord }
  /** An earlier restore of this backup was cut off after it had written all records. */
  | { readonly kind: 'begun'; readonly lock: LockRecord }
  /** This backup was restored here, and nothing has happened since. */
  | { readonly kind: 'done'; readonly lock: LockRecord }
  /** Records that the backup does not have. */
  | {
      readonly kind: 'other';
      readonly lock: LockRecord;
      /** They go on where the backup ends. */
      readonly isLater: boolean;
      /** Rollouts that the backup does not know, or knows shorter, oldest first. */
      readonly rollouts: readonly RolloutId[];
    }
  /** Its records can't be believed. */
  | { readonly kind: 'damaged'; readonly problem: string };

/** A store's records as they were written: what `mlreg backup` reads, and `mlreg restore` writes. */
export interface History {
  /** File or table. */
  readonly where: string;
  /** Whether records that a backup does not have can be set aside. Nothing is ever deleted from a table. */
  readonly canSetAside: boolean;
  /** Every record up to now. @throws StoreDamaged, UserError unavailable */
  read(): Promise<Cut>;
  /** What a backup says, which can only be read. */
  view(cut: Cut): Store;
  compare(cut: Cut): Promise<Comparison>;
  /**
   * Makes the backup's records those of this store. From the first of them on nobody gets a token, until `Store.restored`. Cut
   * off at any point, it goes on by being called again.
   * @returns the store, to be used from here on, and where other records are kept; null: there were none
   * @throws UserError conflict, where other records are there and can't be set aside, or somebody else writes them too
   */
  take(
    cut: Cut,
    by: { readonly actor: Actor; readonly at: Instant },
  ): Promise<{ readonly store: Store; readonly aside: string | null }>;
}
