import type { Plan } from '../domain/plan.ts';
import type { RolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import type { AliasView } from '../ports/platform.ts';
import type { Store } from '../ports/store.ts';
import { type Meaning, meaningOf, type Remembered } from './marker.ts';
import { knownState } from './snapshot.ts';
import type { RolloutState } from './state.ts';

type Asked = Pick<Store, 'lock' | 'journal' | 'snapshot' | 'writerOf'>;

/**
 * What an alias's marker means to the store. The alias was read before: a token that is taken, or a journal that is
 * written, after that reading makes the marker older and never newer.
 * @param own a rollout whose journal has been read already, with what its owner still owes the store
 */
export async function lookAt(
  store: Asked,
  { stamp, description }: Pick<AliasView, 'stamp' | 'description'>,
  own?: Pick<RolloutState, 'id' | 'rollback' | 'length'>,
): Promise<Meaning> {
  const nothing: Remembered = { token: 0, store: undefined, writer: undefined, journal: null };
  if (stamp === undefined) return meaningOf(stamp, description, nothing);
  const { token, writer, store: identity, restoring } = await store.lock();
  if (restoring === true) return { kind: 'unrestored' };
  const isNewest = stamp.token === token;
  const given =
    isNewest || stamp.detail === undefined || stamp.detail.purpose === 'blind'
      ? writer
      : await store.writerOf(stamp.token);
  const told = own?.id === stamp.rollout ? ofState(own) : await ofJournal(store, stamp.rollout);
  return meaningOf(stamp, description, { token, store: identity, writer: given, ...told });
}

type Told = Pick<Remembered, 'journal' | 'length'>;

const ofState = ({ rollback, length }: Pick<RolloutState, 'rollback' | 'length'>): Told => ({
  journal: rollback === null ? 'forward' : 'rolled back',
  length,
});

async function ofJournal(store: Asked, rollout: RolloutId): Promise<Told> {
  const state = await knownState(store, rollout);
  return state === null ? { journal: null } : ofState(state);
}

/** The alias carries the marker of a store that is newer than the one at hand, or is not this one. */
export class StoreBehind extends UserError {}

/**
 * @returns the meaning, where the store at hand is the one that may move the alias
 * @throws StoreBehind where it is not: then nothing but a rollback by the alias alone is allowed
 */
export async function refuseBehind(
  store: Asked & Pick<Store, 'seal'>,
  meaning: Meaning,
  { alias, environment }: { readonly alias: string; readonly environment: string },
): Promise<Meaning> {
  if (meaning.kind === 'replaced') await store.seal(meaning.by).catch(() => undefined);
  const sentence = behindText(meaning, { alias, environment });
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
 * @throws UserError conflict
 */
export async function refuseUnlessKnown(
  store: Asked & Pick<Store, 'seal'>,
  view: AliasView,
  { alias, environment, strategy }: Pick<Plan, 'alias' | 'environment' | 'strategy'>,
): Promise<void> {
  const meaning = await refuseBehind(store, await lookAt(store, view), { alias, environment });
  if (meaning.kind === 'unknown-rollback') {
    throw new UserError(
      'conflict',
      `${environment} was rolled back while the store was out of reach, and the registry does not know yet`,
      { mend: `mlreg resume --environment ${environment}` },
    );
  }
  if (meaning.kind !== 'drift' || strategy === 'rollback') return;
  throw new UserError(
    'conflict',
    `alias ${alias} carries an ownership marker that can't be read: ${view.description}`,
    {
      why: 'something other than mlreg wrote it, so nobody knows what serves',
      mend: [
        `mlreg status --environment ${environment}`,
        `mlreg rollback --to VERSION --environment ${environment}`,
      ],
    },
  );
}

/** What a person is told of a store that must not move the alias; null where it may. */
export function behindText(
  meaning: Meaning,
  { alias, environment }: { readonly alias: string; readonly environment: string },
): { readonly what: string; readonly why: string; readonly mend: string } | null {
  const recover = `mlreg recover --environment ${environment}  # shows what is found, asks, and rebuilds the registry from it`;
  const other = `name the store that is in use in mlreg.yaml; where that one is gone for good: mlreg recover --environment ${environment}`;
  switch (meaning.kind) {
    case 'replaced':
      return {
        what: `store ${meaning.by.id} (epoch ${meaning.by.epoch}) took the place of this store`,
        why: `alias ${alias} carries the marker of that store, and two stores must not move the same users`,
        mend: other,
      };
    case 'twin':
      return {
        what: `alias ${alias} belongs to another store: ${meaning.other.id}, epoch ${meaning.other.epoch}`,
        why: 'two stores must not move the same users',
        mend: other,
      };
    case 'put-back':
      return {
        what: `alias ${alias} was written by ${meaning.lost}, which this store does not know`,
        why: 'an older copy of the store was put back, or its journal was cut: what it says about the champion may be out of date',
        mend: recover,
      };
    case 'unrestored':
      return {
        what: 'mlreg recover was cut off in this store before the alias said so',
        why: `until alias ${alias} carries the marker of this store, another one may still move users`,
        mend: recover,
      };
    case 'copied':
      return {
        what: `alias ${alias} was written by another copy of this store`,
        why: 'both copies gave out the same token, so one of them was copied by hand and the other one is in use',
        mend: recover,
      };
    default:
      return null;
  }
}
