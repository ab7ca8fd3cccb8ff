import type { Stamp } from '../domain/journal.ts';
import { type AliasTarget, sameTarget } from '../domain/route.ts';
import { type AliasView, PlatformError, type Platform } from '../ports/platform.ts';
import { isMine, isOfMyToken, isRollback, mustStop } from '../engine/marker.ts';

export type SetAliasOutcome =
  | { readonly kind: 'set'; readonly view: AliasView }
  /** Somebody newer has the alias: whoever finds this writes it no more. */
  | { readonly kind: 'fenced'; readonly token: number }
  /** Somebody who isn't mlreg wrote the alias, or changed what mlreg wrote. */
  | { readonly kind: 'foreign'; readonly view: AliasView }
  /** Taking it was refused by who asked for it, on seeing what is there. */
  | { readonly kind: 'left'; readonly view: AliasView }
  /** `seen`: what was read back instead of it, where something was. */
  | { readonly kind: 'failed'; readonly error: PlatformError; readonly seen?: AliasView };

interface Wish {
  readonly alias: string;
  readonly target: AliasTarget;
  readonly stamp: Stamp;
}

/** Our last write as we know it: the only revision from which we may write on. */
export interface Carried {
  readonly revisionId: string;
  readonly seq: number;
  /** It was seen to land, so that nothing older is there any more. */
  readonly hasLanded?: true;
}

/**
 * One UpdateAlias with the RevisionId of one's own last write, then a read-back. A lost reply or a 412 is settled by
 * reading: only where the alias carries this very stamp was the write ours. Where it carries an earlier try of ours,
 * which arrived after we had given it up, we go on from that revision.
 */
export async function setAlias(platform: Platform, wish: Wish, carried: Carried): Promise<SetAliasOutcome> {
  let { revisionId, seq } = carried;
  for (;;) {
    let failure: PlatformError | undefined;
    try {
      await platform.writeAlias(wish.alias, { target: wish.target, stamp: wish.stamp, revisionId });
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      if (error.failure.kind !== 'unknown') return { kind: 'failed', error };
      failure = error;
    }
    const seen = await readBack(platform, wish, failure);
    // As it was before our write: that never took effect, or the reading is late. Trying again settles either.
    if (seen.kind === 'foreign' && seen.view.revisionId === revisionId)
      return { kind: 'failed', error: failure ?? unchanged(wish.alias) };
    const stamp = seen.kind === 'foreign' ? seen.view.stamp : undefined;
    const isLate = stamp !== undefined && isOlder(stamp, { token: wish.stamp.token, seq });
    const isLateReading = isLate && carried.hasLanded === true && !wentBackUnder(stamp, wish.stamp);
    if (isLateReading && seen.kind === 'foreign')
      return { kind: 'failed', error: failure ?? late(wish.alias), seen: seen.view };
    const oursLate =
      stamp !== undefined && isOfMyToken(stamp, wish.stamp) && stamp.seq > seq && stamp.seq < wish.stamp.seq;
    if (seen.kind !== 'foreign' || !oursLate) return seen;
    // Ends: each round's seq is larger, and smaller than the wish's.
    ({ revisionId } = seen.view);
    ({ seq } = stamp);
  }
}

/** What to serve; null leaves the alias as it is, `stop` says that somebody newer has it. */
type Resolved = AliasTarget | null | 'stop';

/**
 * The takeover's write: reads the newest RevisionId and writes the new token with it, so that every older RevisionId is
 * dead before anything is decided. `resolve` says what to serve, given what is served: the same (a fence), home, or null
 * where the alias had better be left alone.
 */
export async function takeAlias(
  platform: Platform,
  alias: string,
  stampFor: (found: AliasView) => Stamp,
  resolve: (found: AliasView) => Resolved | Promise<Resolved>,
): Promise<SetAliasOutcome> {
  const rounds = 5;
  for (let round = 1; ; round++) {
    let found: AliasView;
    try {
      found = await platform.readAlias(alias);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      return { kind: 'failed', error };
    }
    const stamp = stampFor(found);
    if (mustStop(found.stamp, stamp, null)) return { kind: 'fenced', token: found.stamp?.token ?? 0 };
    const target = await resolve(found);
    if (target === 'stop') return { kind: 'fenced', token: found.stamp?.token ?? 0 };
    if (target === null) return { kind: 'left', view: found };
    const outcome = await setAlias(
      platform,
      { alias, target, stamp },
      { revisionId: found.revisionId, seq: stamp.seq },
    );
    // An older owner's write may have come between reading and writing: its revision is dead as soon as ours lands.
    if (outcome.kind !== 'foreign') return outcome;
    // Whatever is there is taken: who loses the race so often tries again after a pause.
    if (round === rounds) return { kind: 'failed', error: contended(alias) };
  }
}

const isOlder = (stamp: Stamp, than: Pick<Stamp, 'token' | 'seq'>): boolean =>
  stamp.token !== than.token ? stamp.token < than.token : stamp.seq < than.seq;

/** Not late: the write of an older owner, or of a person, who could not tell this rollout's journal. */
const wentBackUnder = (found: Stamp, own: Stamp): boolean =>
  found.rollout === own.rollout && found.detail !== undefined && isRollback(found);

const unknown = (message: string): PlatformError => new PlatformError({ kind: 'unknown', message });
const unchanged = (alias: string): PlatformError =>
  unknown(`alias ${alias} serves what it did before it was written`);
const late = (alias: string): PlatformError =>
  unknown(`alias ${alias} was read as it was before its last writes`);
const contended = (alias: string): PlatformError =>
  unknown(`alias ${alias} was changed by somebody else between each reading and writing`);

async function readBack(
  platform: Platform,
  wish: Wish,
  failure: PlatformError | undefined,
): Promise<SetAliasOutcome> {
  let view: AliasView;
  try {
    view = await platform.readAlias(wish.alias);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return { kind: 'failed', error: failure ?? error };
  }
  const { stamp } = view;
  if (stamp !== undefined && mustStop(stamp, wish.stamp, null)) return { kind: 'fenced', token: stamp.token };
  const ours = stamp !== undefined && isMine(stamp, wish.stamp);
  if (ours && sameTarget(view.target, wish.target)) return { kind: 'set', view };
  if (ours && isHeldBack(view.target, wish.target)) return { kind: 'failed', error: heldBack(wish, view) };
  if (failure !== undefined && !ours) return { kind: 'failed', error: failure, seen: view };
  return { kind: 'foreign', view };
}

/**
 * Ours, and yet everybody is with another version: what AWS does to an alias with provisioned concurrency until the new
 * version has its own (terraform-provider-aws#48116). The next try's write clears that weight, where AWS lets it.
 */
function isHeldBack({ functionVersion, weights }: AliasTarget, wanted: AliasTarget): boolean {
  const isSplit = Object.keys(wanted.weights).length > 0;
  return !isSplit && functionVersion === wanted.functionVersion && Object.values(weights).includes(1);
}

const heldBack = ({ alias }: Wish, { target }: AliasView): PlatformError =>
  new PlatformError({
    kind: 'throttled',
    message: `AWS keeps everybody on Lambda version ${Object.keys(target.weights).join()} until ${target.functionVersion} has the provisioned concurrency of alias ${alias}`,
  });
