import type { Effect, Stamp } from '../domain/journal.ts';
import type { AliasTarget } from '../domain/route.ts';
import { routeKey, targetText } from '../domain/route.ts';
import { unreachable } from '../domain/units.ts';
import { type AliasView, PlatformError } from '../ports/platform.ts';
import { readMarkers } from './environment-view.ts';
import { type Claim, claimIn, lookAt } from './look.ts';
import { isBlind, isOfMyToken, isRollback, type Mark, targetOf } from '../engine/marker.ts';
import type { RolloutPorts } from './ports.ts';
import { writerIn } from './repair.ts';
import { type SetAliasOutcome, setAlias, takeAlias } from './set-alias.ts';
import { publishedAs, type RolloutState, stepsToRepublish } from '../engine/state.ts';

type SetAlias = Extract<Effect, { kind: 'set-alias' }>;

/** The store failed while an alias was looked at: no fault of the alias, and counted against no step. */
export class StoreFailed extends Error {
  override readonly name = 'StoreFailed';
}

/**
 * One write of an alias under the owner's token. A fence and a rollback take the newest revision, and look first at whose
 * marker is there; everything else goes out from the owner's own last write, or not at all.
 */
export async function writeAlias(
  ports: Pick<RolloutPorts, 'store' | 'platform'>,
  state: RolloutState,
  effect: SetAlias,
  stamp: Stamp,
): Promise<SetAliasOutcome> {
  const { platform } = ports;
  const { alias, purpose, target } = effect;
  const isMain = alias === state.plan.alias;
  const carried = state.aliases[alias];
  const forward = async (view: AliasView, served: AliasTarget): Promise<AliasTarget | null | 'stop'> => {
    const standing = await standingOf(ports, state, view, isMain);
    if (standing === 'stop') return 'stop';
    return standing === 'take' ? served : null;
  };
  if (purpose === 'fence') {
    return takeAlias(
      platform,
      alias,
      (found) => serving(stamp, found.target),
      (found) => forward(found, found.target),
    );
  }
  if (purpose !== 'roll-back') {
    if (carried === undefined && isMain)
      throw new Error(`${state.id}: alias ${alias} was not fenced before ${purpose}`);
    if (carried === undefined)
      return takeAlias(
        platform,
        alias,
        () => stamp,
        (found) => forward(found, target),
      );
    const { revisionId } = carried;
    const outcome = await setAlias(
      platform,
      { alias, target, stamp },
      { revisionId, seq: carried.stamp.seq, hasLanded: true },
    );
    return isMain ? stoppedByAnother(ports, state, outcome, stamp) : outcome;
  }
  if (carried !== undefined) {
    const { revisionId } = carried;
    const first = await setAlias(platform, { alias, target, stamp }, { revisionId, seq: carried.stamp.seq });
    // On the way back a foreign edit is overwritten: the champion is what everybody asked for.
    if (first.kind !== 'foreign') return first;
  }
  return takeAlias(
    platform,
    alias,
    () => stamp,
    (found) => back(ports, state, found, target, isMain),
  );
}

/**
 * A write forward has failed, or its reply was lost, and somebody else's marker stands there: the store says whether that
 * somebody is an older owner of its own, whose marker a late reading shows, or of another store, or of another copy of it.
 */
async function stoppedByAnother(
  ports: Pick<RolloutPorts, 'store' | 'platform'>,
  state: RolloutState,
  outcome: SetAliasOutcome,
  own: Stamp,
): Promise<SetAliasOutcome> {
  const found =
    outcome.kind === 'foreign' ? outcome.view : outcome.kind === 'failed' ? outcome.seen : undefined;
  if (found?.stamp === undefined || isOfMyToken(found.stamp, own)) return outcome;
  // Where the store can't be asked nothing goes forward in any case: the intent of the next write can't be journaled.
  const standing = await standingOf(ports, state, found, true).catch((error: unknown) => {
    if (!(error instanceof StoreFailed)) throw error;
    return null;
  });
  return standing === 'stop' ? { kind: 'fenced', token: found.stamp.token } : outcome;
}

/** Also without the store: then another rollout's rollback is taken for one that nobody knows. */
async function back(
  ports: Pick<RolloutPorts, 'store' | 'platform'>,
  state: RolloutState,
  found: AliasView,
  target: AliasTarget,
  isMain: boolean,
): Promise<AliasTarget | null | 'stop'> {
  const { stamp } = found;
  const standing = await standingOf(ports, state, found, isMain).catch((error: unknown) => {
    if (!(error instanceof StoreFailed)) throw error;
    if (stamp === undefined || !isRollback(stamp) || state.repaired === writerIn(stamp)) return 'take';
    // What a watch guards may serve since that very rollback: only the store can say.
    if (stamp.rollout !== state.id && state.plan.strategy === 'watch') throw unasked(found, stamp);
    // What a person chose is left where it is until the journal can be told of it.
    return stamp.rollout === state.id ? 'went-back' : 'elsewhere';
  });
  switch (standing) {
    case 'stop':
      return 'stop';
    case 'elsewhere':
      return null;
    case 'went-back':
      return stamp !== undefined && targetOf(stamp) !== target.functionVersion ? null : target;
    case 'take':
    case 'drift':
      return target;
    default:
      return unreachable(standing);
  }
}

const unasked = ({ target }: AliasView, { rollout }: Stamp): PlatformError =>
  new PlatformError({
    kind: 'unknown',
    message: `the alias serves ${targetText(target)} since ${rollout} was rolled back, and the store did not answer whether it knows`,
  });

/** What an owner does about the marker that it finds. */
type Standing =
  | 'take'
  /** It can't be read: forward is no way over it. */
  | 'drift'
  /** Users were brought back from this very rollout, and its journal does not know. */
  | 'went-back'
  /** The same of another rollout, which must be told first. */
  | 'elsewhere'
  /** This store, or this copy of it, must not move the alias. */
  | 'stop';

/** @throws StoreFailed where the store can't be asked */
async function standingOf(
  ports: Pick<RolloutPorts, 'store' | 'platform'>,
  state: RolloutState,
  view: AliasView,
  isMain: boolean,
): Promise<Standing> {
  const { store } = ports;
  const { stamp, meaning } = await claimOf(ports, state, view, isMain);
  switch (meaning.kind) {
    case 'unmarked':
    case 'superseded':
      return 'take';
    case 'drift':
      return isMain && !state.adopted && state.plan.strategy !== 'rollback' ? 'drift' : 'take';
    case 'own':
      return stamp !== undefined && wentBackInFormat1(stamp, state) ? 'went-back' : 'take';
    case 'unknown-rollback':
      if (meaning.rollout !== state.id) return isMain ? 'elsewhere' : 'take';
      return stamp !== undefined && state.repaired === writerIn(stamp) ? 'take' : 'went-back';
    case 'replaced':
      await store.seal(meaning.by).catch(() => undefined);
      return 'stop';
    case 'twin':
    case 'put-back':
    case 'copied':
    case 'unrestored':
      // Another alias may carry a marker from before this store began.
      return isMain ? 'stop' : 'take';
    default:
      return unreachable(meaning);
  }
}

/**
 * What the alias's marker claims; where the main one carries none of this store, what the other one and the stage do.
 * @throws StoreFailed where the store can't be asked
 */
async function claimOf(
  { store, platform }: Pick<RolloutPorts, 'store' | 'platform'>,
  state: RolloutState,
  view: AliasView,
  isMain: boolean,
): Promise<Pick<Claim, 'stamp' | 'meaning'>> {
  const asked = async <T>(told: Promise<T>): Promise<T> =>
    told.catch((cause: unknown) => {
      throw new StoreFailed('the store was asked what a marker means', { cause });
    });
  const meaning = await asked(lookAt(store, view, state));
  const isForeign = meaning.kind === 'unmarked' || meaning.kind === 'superseded' || meaning.kind === 'drift';
  if (!isMain || !isForeign || state.plan.green === undefined) return { stamp: view.stamp, meaning };
  const around = await readMarkers(platform, state.plan, view);
  return asked(claimIn(store, around, state));
}

/**
 * Whether an older owner of format 1 has rolled back what its journal doesn't tell. A write forward is in the journal before
 * it is sent, so an older token's marker can't lie beyond what was taken over; only the way back goes without.
 */
export function wentBackInFormat1(
  stamp: Stamp,
  { id, token, ownedSeq, repaired, rollback }: RolloutState,
): boolean {
  if (stamp.detail !== undefined || stamp.rollout !== id || rollback !== null) return false;
  if (repaired === writerIn(stamp)) return false;
  return isBlind(stamp) || (stamp.token < token && stamp.seq >= ownedSeq);
}

/** A fence leaves what is served, whatever that is. */
const serving = (stamp: Stamp, { functionVersion }: AliasTarget): Stamp =>
  stamp.detail === undefined ? stamp : { ...stamp, detail: { ...stamp.detail, target: functionVersion } };

/** The marker of one effect. `seq` is the place of its intent in the journal. */
export function stampOf(state: RolloutState, effect: Effect, seq: number, mark: Mark | undefined): Stamp {
  const { plan, token, id } = state;
  const common = { environment: plan.environment, token, seq, rollout: id, back: wayBack(state, effect) };
  if (mark === undefined) return common;
  const target = effect.kind === 'set-alias' ? effect.target : state.home;
  const detail = {
    store: { id: mark.store.id, epoch: mark.store.epoch },
    purpose: purposeOf(state, effect),
    writer: mark.writer,
    target: target.functionVersion,
  };
  return { ...common, detail };
}

function purposeOf(state: RolloutState, effect: Effect): 'forward' | 'fence' | 'back' {
  if (effect.kind !== 'set-alias') return state.rollback === null ? 'forward' : 'back';
  if (effect.purpose === 'fence') return 'fence';
  return effect.purpose === 'roll-back' ? 'back' : 'forward';
}

/**
 * A person who rolls back while a rollback is under way means the same version, not the one that users are saved from. But
 * nobody is to be sent to what still has to pass its smoke test.
 */
function wayBack({ plan, home, published, keeps, step }: RolloutState, effect: Effect): string {
  if (keeps !== null) return keeps.functionVersion;
  // Until a version that is published anew has passed its tests, the recorded one is the way back.
  const first = stepsToRepublish(plan);
  const known = step < first ? publishedAs(plan) : published;
  const good = known[routeKey({ kind: 'single', version: plan.challenger })];
  const isBack = effect.kind === 'set-alias' && effect.purpose === 'roll-back';
  const isTested = plan.steps.slice(Math.max(step, first)).every(({ kind }) => kind !== 'smoke');
  const leadsOn = plan.strategy === 'rollback' && !isBack && isTested;
  return (leadsOn ? good : undefined) ?? home.functionVersion;
}
