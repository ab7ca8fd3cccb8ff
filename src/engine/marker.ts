import type { MarkerDetail, Stamp, StoreId, StoreIdentity } from '../domain/journal.ts';
import type { Elsewhere } from '../domain/restored-table.ts';
import type { RolloutId } from '../domain/units.ts';

/** What a write is recognised by: the store it belongs to, and the writer that was drawn for its token. */
export type Mark = Pick<MarkerDetail, 'store' | 'writer'>;

/** A person's rollback over a marker of format 1 knows no store: epoch 0 is nobody's. */
export const noStore: StoreId = { id: '00000000', epoch: 0 };

/** What an ownership marker means to a store, before anybody takes a token in it or writes the alias. */
export type Meaning =
  /** Nobody has marked the alias. */
  | { readonly kind: 'unmarked' }
  /** It can't be read, so something other than mlreg wrote it. */
  | { readonly kind: 'drift' }
  /** Written by an owner of this store: nothing is unknown. */
  | { readonly kind: 'own' }
  /** Of a store that this one took the place of. */
  | { readonly kind: 'superseded' }
  /** Another store took the place of this one. */
  | { readonly kind: 'replaced'; readonly by: StoreId }
  /** Of another store that took the same place, or of one that this store never heard of. */
  | { readonly kind: 'twin'; readonly other: StoreId }
  /** The alias knows of something that this store has lost: an older copy was put back, or its journal was cut. */
  | { readonly kind: 'put-back'; readonly lost: string }
  /**
   * The same token was given to another writer: this store is a copy, and the other copy lives. Or AWS restored its table
   * from another one.
   */
  | { readonly kind: 'copied'; readonly table?: Elsewhere }
  /** This store takes another one's place, and the alias does not say so yet. */
  | { readonly kind: 'unrestored' }
  /** Users were brought back, and the journal of that rollout does not say so. */
  | { readonly kind: 'unknown-rollback'; readonly rollout: RolloutId; readonly target: string };

/** What the store says about the marker's token and rollout. */
export interface Remembered {
  /** The lock's newest token. */
  readonly token: number;
  readonly store: StoreIdentity | undefined;
  /** To whom the marker's token was given. */
  readonly writer: string | undefined;
  /** What the journal of the marker's rollout says; null where there is no such journal. */
  readonly journal: 'forward' | 'rolled back' | null;
  /** How many entries that journal has. Undefined: not asked. */
  readonly length?: number;
  /** The Lambda version to which that journal's rollback leads. Undefined: there is none, or not asked. */
  readonly leadsTo?: string;
  /** `mlreg recover` began in this store, and its end is not written. */
  readonly restoring?: boolean;
  /** The store's records are in another table than the one that it gave out its tokens in. */
  readonly elsewhere?: Elsewhere;
}

/**
 * Whether one marker was written after the other: it has a larger epoch, or a larger token of the same store. Two stores of
 * one epoch, and two writers of one token, are neither before nor after each other. Format 1 names no store.
 */
export function isNewer(one: Stamp, than: Stamp): boolean {
  const [mine, theirs] = [storeIn(one), storeIn(than)];
  if (mine === undefined || theirs === undefined) return one.token > than.token;
  if (mine.epoch !== theirs.epoch) return mine.epoch > theirs.epoch;
  return mine.id === theirs.id && one.token > than.token;
}

/** Whether another rollout of the same store has marked the alias since. */
export const hasBegunSince = (newest: Stamp, known: Stamp): boolean =>
  newest.rollout !== known.rollout && storeIn(newest)?.id === storeIn(known)?.id && isNewer(newest, known);

const storeIn = ({ detail }: Stamp): StoreId | undefined =>
  detail === undefined || detail.store.epoch === noStore.epoch ? undefined : detail.store;

/** Those that no other one is newer than: what an environment's markers claim, the alias that carries traffic first. */
export function newestOf<Marked extends { readonly stamp: Stamp | undefined }>(
  found: readonly Marked[],
): readonly (Marked & { readonly stamp: Stamp })[] {
  const marked = found.flatMap((one) => (one.stamp === undefined ? [] : [{ ...one, stamp: one.stamp }]));
  const newest = marked.filter(({ stamp }) => !marked.some((other) => isNewer(other.stamp, stamp)));
  // Markers of format 1 among those of three stores may go round in a circle.
  return newest.length === 0 ? marked : newest;
}

/**
 * The Lambda version to which users go back by an environment's newest marker, wherever that stands. What a write of a
 * rollout forward names is no way back: on the second alias it is the version on trial, before the stage names that alias.
 */
export const leadsBackTo = (newest: Stamp): string => (isRollback(newest) ? targetOf(newest) : newest.back);

/** The table of what a marker means, and pure. Store and epoch come before tokens: another store's token says nothing. */
export function meaningOf(stamp: Stamp | undefined, description: string, remembered: Remembered): Meaning {
  if (stamp === undefined) return { kind: description.startsWith('mlreg/') ? 'drift' : 'unmarked' };
  if (remembered.restoring === true) return meaningWhileRestoring(stamp, remembered.store);
  // Before all that such a table says: a marker of the day of its backup would be its own.
  if (remembered.elsewhere !== undefined) return { kind: 'copied', table: remembered.elsewhere };
  const { detail, rollout, token } = stamp;
  const lost = (what: string): Meaning => ({ kind: 'put-back', lost: what });
  if (detail === undefined || detail.store.epoch === noStore.epoch) {
    if (remembered.journal === null) return lost(`rollout ${rollout}`);
    // Its token was made up by whoever rolled back without the store.
    if (stamp.seq === 0) return { kind: 'unknown-rollback', rollout, target: targetOf(stamp) };
    return token > remembered.token ? lost(`token ${token}`) : { kind: 'own' };
  }
  const { store, purpose, writer } = detail;
  const mine = remembered.store;
  if (mine === undefined) return lost(`store ${store.id}`);
  if (store.epoch > mine.epoch) return { kind: 'replaced', by: store };
  if (store.epoch < mine.epoch) {
    const isNamed = mine.supersedes?.some(({ id, epoch }) => id === store.id && epoch === store.epoch);
    return isNamed === true ? { kind: 'superseded' } : { kind: 'twin', other: store };
  }
  if (store.id !== mine.id) return { kind: 'twin', other: store };
  if (token > remembered.token) return lost(`token ${token}`);
  if (remembered.journal === null) return lost(`rollout ${rollout}`);
  const unknown: Meaning = { kind: 'unknown-rollback', rollout, target: detail.target };
  // A person's writer is known to no store, and the rollback is unknown for as long as its marker stands.
  if (purpose === 'blind') return unknown;
  if (remembered.writer !== writer) return { kind: 'copied' };
  // An owner journals each intent before its write; only a rollback may go without.
  const isJournaled = purpose === 'forward' || purpose === 'fence';
  if (isJournaled && remembered.length !== undefined && stamp.seq >= remembered.length)
    return lost(`entry ${stamp.seq} of rollout ${rollout}`);
  if (purpose !== 'back') return { kind: 'own' };
  return remembered.journal === 'forward' || isUntold(stamp, remembered) ? unknown : { kind: 'own' };
}

/** A rollout that was rolled back before was rolled back once more since, to another version than its journal knows. */
const isUntold = (stamp: Stamp, { length, leadsTo }: Remembered): boolean =>
  length !== undefined && leadsTo !== undefined && stamp.seq >= length && targetOf(stamp) !== leadsTo;

/**
 * What a marker means to a store whose recovery was cut off. The recovery named each store whose marker it had seen, so a
 * marker of any other store was written since: somebody has recovered that one, and it is in use.
 */
function meaningWhileRestoring({ detail }: Stamp, mine: StoreIdentity | undefined): Meaning {
  if (mine === undefined || detail === undefined || detail.store.epoch === noStore.epoch)
    return { kind: 'unrestored' };
  const { id, epoch } = detail.store;
  if (epoch > mine.epoch) return { kind: 'replaced', by: detail.store };
  const isKnown = [mine, ...(mine.supersedes ?? [])].some((one) => one.id === id && one.epoch === epoch);
  return isKnown ? { kind: 'unrestored' } : { kind: 'twin', other: detail.store };
}

/** Another store moves these users, or did last: this one goes on only where a person knows that the other one is gone. */
export const isOfAnotherStore = ({ kind }: Meaning): boolean => kind === 'replaced' || kind === 'twin';

/** The Lambda version that the write pointed the alias at. Format 1 said it only of a rollback. */
export const targetOf = ({ detail, back }: Stamp): string => detail?.target ?? back;

/** A person's rollback by the alias alone: entry 0 of a journal never is an intent, so no other write carries that number. */
export const isBlind = (stamp: Stamp): boolean => stamp.seq === 0 || stamp.detail?.purpose === 'blind';

/** Users were brought back with it, by an owner or by a person. */
export const isRollback = (stamp: Stamp): boolean => isBlind(stamp) || stamp.detail?.purpose === 'back';

/** Whether the write was one's own. Token and number alone are not enough: two persons may have made up the same. */
export const isMine = (found: Stamp, own: Stamp): boolean =>
  found.token === own.token && found.seq === own.seq && found.detail?.writer === own.detail?.writer;

/** Whether it was written under one's own token, by oneself. */
export const isOfMyToken = (found: Stamp, own: Stamp): boolean =>
  found.token === own.token && found.detail?.writer === own.detail?.writer;

/**
 * Whether an owner who finds this marker must write the alias no more: somebody newer has it.
 * @param given to whom the store gave the found marker's token; null where nobody asked the store
 */
export function mustStop(found: Stamp | undefined, own: Stamp, given: string | undefined | null): boolean {
  if (found === undefined) return false;
  const [theirs, mine] = [found.detail, own.detail];
  // Markers of format 1, and a person's over one, are of no store: only a larger token says that they are newer.
  if (theirs === undefined || mine === undefined || theirs.store.epoch === noStore.epoch)
    return found.token > own.token;
  if (theirs.store.epoch !== mine.store.epoch) return theirs.store.epoch > mine.store.epoch;
  if (theirs.store.id !== mine.store.id) return true;
  if (found.token !== own.token) {
    if (found.token > own.token) return true;
    return given !== null && theirs.purpose !== 'blind' && given !== theirs.writer;
  }
  return theirs.writer !== mine.writer;
}
