import type { Plan } from '../domain/plan.ts';
import type { RolloutId } from '../domain/units.ts';
import { restoredTable } from '../domain/restored-table.ts';
import { UserError } from '../domain/user-error.ts';
import type { Platform } from '../ports/platform.ts';
import type { Store } from '../ports/store.ts';
import {
  type AliasNames,
  type EnvironmentView,
  type FoundMarker,
  isUnread,
  markersIn,
  type MarkersView,
  readEnvironment,
  readMarkers,
} from './environment-view.ts';
import { type Meaning, meaningOf, newestOf, type Remembered } from '../engine/marker.ts';
import { knownState } from './snapshot.ts';
import type { RolloutState } from '../engine/state.ts';
import { rollbackTarget } from '../engine/target.ts';
import { findUnknownServing, type UnknownServing } from './unknown-serving.ts';

export type Asked = Pick<Store, 'lock' | 'journal' | 'snapshot' | 'writerOf'>;
type Own = Pick<RolloutState, 'id' | 'rollback' | 'length'>;
type Marker = Pick<FoundMarker, 'stamp' | 'description' | 'isNumberedApart'>;

/** A marker, and what it means to the store. */
export interface Claim extends FoundMarker {
  readonly meaning: Meaning;
}

/** The newest markers, and what they mean to the store. */
export interface Claimed extends MarkersView {
  readonly claim: Claim;
}

/** The same with what users reach: every decision of a command follows from one such look. */
export interface Look extends EnvironmentView, Claimed {
  /** What users reach that neither the registry nor a marker explains; null where nothing is. */
  readonly unknown: UnknownServing | null;
}

interface Ports {
  readonly store: Asked;
  readonly platform: Pick<Platform, 'readAlias' | 'readStage'>;
}

/** @throws PlatformError where the main alias can't be read */
export async function lookAround(
  {
    store,
    platform,
  }: Ports & {
    readonly store: Pick<Store, 'versions'>;
    readonly platform: Pick<Platform, 'variables'>;
  },
  names: AliasNames,
): Promise<Look> {
  const view = await readEnvironment(platform, names);
  const claim = await claimIn(store, view);
  return { ...view, claim, unknown: await findUnknownServing({ store, platform }, view, claim.meaning) };
}

/**
 * The look without what users reach.
 * @param own a rollout whose journal has been read already
 * @throws PlatformError where the main alias can't be read
 */
export async function lookAtMarkers(
  { store, platform }: Ports,
  names: AliasNames,
  own?: Own,
): Promise<Claimed> {
  const view = await readMarkers(platform, names);
  return { ...view, claim: await claimIn(store, view, own) };
}

/**
 * What an environment's markers claim, the worst first: a marker that somebody wiped, or wrote back, on one alias must not
 * hide what the other one says. A marker older than another one claims nothing any more.
 */
export async function claimIn(store: Asked, view: MarkersView, own?: Own): Promise<Claim> {
  const [main, ...others] = markersIn(view);
  if (main === undefined) throw new Error('an environment has an alias');
  const newest = newestOf([main, ...others]);
  const asked = main.stamp === undefined ? [main, ...newest] : newest;
  const meanings = await lookAtAll(store, asked, own);
  const claims = asked.flatMap((found, index) => {
    const meaning = meanings[index];
    return meaning === undefined ? [] : [{ ...found, meaning }];
  });
  const worst = Math.min(...claims.map(({ meaning }) => severity(meaning)));
  return (
    claims.find(({ meaning }) => severity(meaning) === worst) ?? { ...main, meaning: { kind: 'unmarked' } }
  );
}

/** 0 and 1: this store must move nobody. */
function severity({ kind }: Meaning): number {
  switch (kind) {
    case 'replaced':
    case 'twin':
      return 0;
    case 'unknown-rollback':
      return 2;
    case 'drift':
      return 3;
    case 'own':
    case 'superseded':
      return 4;
    case 'unmarked':
      return 5;
    default:
      return 1;
  }
}

/** The newest token that an environment's markers name; undefined where there is none. */
export function newestToken(view: MarkersView): number | undefined {
  const tokens = newestOf(markersIn(view)).map(({ stamp }) => stamp.token);
  return tokens.length === 0 ? undefined : Math.max(...tokens);
}

/**
 * What one marker means to the store. It was read before: a token that is taken, or a journal that is written, after that
 * reading makes the marker older and never newer.
 * @param own a rollout whose journal has been read already, with what its owner still owes the store
 */
export async function lookAt(store: Asked, found: Marker, own?: Own): Promise<Meaning> {
  const [meaning] = await lookAtAll(store, [found], own);
  return meaning ?? { kind: 'unmarked' };
}

async function lookAtAll(store: Asked, found: readonly Marker[], own?: Own): Promise<readonly Meaning[]> {
  const nothing: Remembered = { token: 0, store: undefined, writer: undefined, journal: null };
  if (found.every(({ stamp }) => stamp === undefined))
    return found.map(({ description }) => meaningOf(undefined, description, nothing));
  const { token, writer, store: identity, restoring, elsewhere } = await store.lock();
  const journals = new Map<RolloutId, Told>(own === undefined ? [] : [[own.id, ofState(own)]]);
  const meanings: Meaning[] = [];
  for (const { stamp, description, isNumberedApart } of found) {
    if (stamp === undefined) {
      meanings.push(meaningOf(stamp, description, nothing));
      continue;
    }
    if (restoring === true) {
      const remembered = { ...nothing, token, store: identity, restoring };
      meanings.push(meaningOf(stamp, description, remembered));
      continue;
    }
    if (elsewhere !== undefined) {
      meanings.push(meaningOf(stamp, description, { ...nothing, token, store: identity, elsewhere }));
      continue;
    }
    const isNewest = stamp.token === token;
    const given =
      isNewest || stamp.detail === undefined || stamp.detail.purpose === 'blind'
        ? writer
        : await store.writerOf(stamp.token);
    const known = journals.get(stamp.rollout) ?? (await ofJournal(store, stamp.rollout));
    journals.set(stamp.rollout, known);
    const { length, ...said } = known;
    const told = isNumberedApart === true || length === undefined ? said : { ...said, length };
    meanings.push(meaningOf(stamp, description, { token, store: identity, writer: given, ...told }));
  }
  return meanings;
}

type Told = Pick<Remembered, 'journal' | 'length' | 'leadsTo'>;

const ofState = ({ rollback, length }: Pick<RolloutState, 'rollback' | 'length'>): Told => ({
  journal: rollback === null ? 'forward' : 'rolled back',
  length,
});

async function ofJournal(store: Asked, rollout: RolloutId): Promise<Told> {
  const state = await knownState(store, rollout);
  if (state === null) return { journal: null };
  const leadsTo = state.rollback === null ? undefined : rollbackTarget(state).functionVersion;
  return { ...ofState(state), ...(leadsTo === undefined ? {} : { leadsTo }) };
}

/** The alias carries the marker of a store that is newer than the one at hand, or is not this one. */
export class StoreBehind extends UserError {}

/**
 * @returns the meaning, where the store at hand is the one that may move the alias
 * @throws StoreBehind where it is not: then nothing but a rollback by the alias alone is allowed
 */
export async function refuseBehind(
  store: Pick<Store, 'seal'>,
  { meaning, where }: Pick<Claim, 'meaning' | 'where'>,
  environment: string,
): Promise<Meaning> {
  if (meaning.kind === 'replaced') await store.seal(meaning.by).catch(() => undefined);
  const sentence = behindText(meaning, { where, environment });
  if (sentence === null) return meaning;
  throw new StoreBehind('conflict', `${environment}: ${sentence.what}`, {
    why: sentence.why,
    mend: [
      sentence.mend,
      `mlreg rollback --environment ${environment}  # where users suffer: moves the alias alone, and needs no store`,
    ],
  });
}

/**
 * Nothing begins over a marker of a newer store, over one that can't be read, or over a rollback that its journal does not
 * know. A rollback goes over what can't be read: that is what a person wants users away from.
 * @returns what was seen
 * @throws UserError conflict
 * @throws PlatformError where the main alias can't be read, or is unmarked and the other one can't
 */
export async function refuseUnlessKnown(
  ports: Ports & { readonly store: Pick<Store, 'seal'> },
  {
    environment,
    strategy,
    ...names
  }: AliasNames & { readonly environment: string; readonly strategy: Plan['strategy'] | 'gc' },
): Promise<Claimed> {
  const look = await lookAtMarkers(ports, names);
  await refuseUnknown(ports.store, look, { environment, strategy });
  return look;
}

/** The same of what has been seen already. */
export async function refuseUnknown(
  store: Pick<Store, 'seal'>,
  look: Claimed,
  { environment, strategy }: { readonly environment: string; readonly strategy: Plan['strategy'] | 'gc' },
): Promise<void> {
  const { meaning, where, description } = look.claim;
  await refuseBehind(store, look.claim, environment);
  if (meaning.kind === 'unknown-rollback') {
    throw new UserError(
      'conflict',
      `${environment} was rolled back while the store was out of reach, and the registry does not know yet`,
      { mend: `mlreg resume --environment ${environment}` },
    );
  }
  if (strategy === 'rollback') return;
  // The other alias may be the only one that names the store which is in use.
  if (meaning.kind === 'unmarked' && isUnread(look.green)) throw look.green;
  if (meaning.kind !== 'drift' || strategy === 'gc') return;
  throw new UserError('conflict', `${where} carries an ownership marker that can't be read: ${description}`, {
    why: 'something other than mlreg wrote it, so nobody knows what serves',
    mend: [
      `mlreg status --environment ${environment}`,
      `mlreg rollback --to VERSION --environment ${environment}`,
    ],
  });
}

/** What a person is told of a store that must not move the alias; null where it may. */
export function behindText(
  meaning: Meaning,
  { where, environment }: { readonly where: string; readonly environment: string },
): { readonly what: string; readonly why: string; readonly mend: string } | null {
  const recover = `mlreg recover --environment ${environment}  # shows what is found, asks, and rebuilds the registry from it`;
  const other = `name the store that is in use in mlreg.yaml; where that one is gone for good: mlreg recover --force --reason WHY --environment ${environment}`;
  switch (meaning.kind) {
    case 'replaced':
      return {
        what: `store ${meaning.by.id} (epoch ${meaning.by.epoch}) took the place of this store`,
        why: `${where} carries the marker of that store, and two stores must not move the same users`,
        mend: other,
      };
    case 'twin':
      return {
        what: `${where} belongs to another store: ${meaning.other.id}, epoch ${meaning.other.epoch}`,
        why: 'two stores must not move the same users',
        mend: other,
      };
    case 'put-back':
      return {
        what: `${where} was written by ${meaning.lost}, which this store does not know`,
        why: 'an older copy of the store was put back, or its journal was cut: what it says about the champion may be out of date',
        mend: recover,
      };
    case 'unrestored':
      return {
        what: 'mlreg recover, or mlreg restore, was cut off in this store before the alias said so',
        why: `until ${where} carries the marker of this store, another one may still move users`,
        mend: recover,
      };
    case 'copied':
      if (meaning.table !== undefined) return restoredTable(meaning.table, environment);
      return {
        what: `${where} was written by another copy of this store`,
        why: 'both copies gave out the same token, so one of them was copied by hand and the other one is in use',
        mend: recover,
      };
    default:
      return null;
  }
}
