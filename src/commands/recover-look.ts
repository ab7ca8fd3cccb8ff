import type { Damage } from '../ports/inventory.ts';
import type { Store } from '../ports/store.ts';
import type { AliasTarget } from '../domain/route.ts';
import { UserError } from '../domain/user-error.ts';
import { isUnread, markersIn } from '../runner/environment-view.ts';
import { behindText, type Look, lookAround } from '../runner/look.ts';
import { isOfAnotherStore, leadsBackTo, newestOf } from '../engine/marker.ts';
import { unknownServingText } from '../runner/unknown-serving.ts';
import type { Session } from '../app/session.ts';

/** What stands where, before anything is changed. */
export interface Found {
  readonly store: Store;
  readonly damage: Damage | null;
  readonly look: Look;
  /** What the alias serves, and the alias that the stage names. */
  readonly served: { readonly target: AliasTarget; readonly reached: AliasTarget };
  /** An earlier recovery of this store was cut off before an alias said so. */
  readonly isCutOff: boolean;
  /** The Lambda version that the newest marker leads back to. */
  readonly back: string | undefined;
}

export async function lookFor(at: Session): Promise<Found> {
  const { store, damage } = await at.connection.recovery.look();
  return findIn(at, store, damage);
}

/** The same by another store's records than those of the connection. */
export async function findIn(at: Session, store: Store, damage: Damage | null): Promise<Found> {
  const { config, connection } = at;
  const look = await lookAround({ store, platform: connection.platform }, config.lambda);
  // Its marker is to name the rebuilt store as well.
  if (isUnread(look.green)) throw look.green;
  const { main, reached } = look;
  const [newest] = newestOf(markersIn(look));
  return {
    store,
    damage,
    look,
    served: { target: main.view.target, reached: reached.view.target },
    // A store that is damaged, or belongs to another alias, is rebuilt anyway.
    isCutOff: damage === null && (await store.lock()).restoring === true,
    back: newest === undefined ? undefined : leadsBackTo(newest.stamp),
  };
}

/**
 * Why the registry is to be rebuilt; null where there is nothing to do.
 * @throws UserError conflict, where something else has to be done
 */
export function whyOf(
  { config }: Pick<Session, 'config'>,
  { damage, look, isCutOff }: Found,
  isForced: boolean,
): string | null {
  const { name: environment } = config;
  const { meaning, where, description } = look.claim;
  const behind = behindText(meaning, { where, environment });
  refuseOtherStore({ config }, { look }, isForced, 'mlreg recover');
  if (damage !== null) return `${damage.problem}; ${damage.records} records before it are sound`;
  switch (meaning.kind) {
    case 'own':
    case 'superseded':
    case 'unmarked':
      if (isCutOff)
        return 'mlreg recover, or mlreg restore, was cut off in this store before an alias said so';
      return look.unknown === null ? null : unknownServingText(look.unknown, environment).what;
    case 'unknown-rollback':
      throw new UserError('conflict', 'the store is whole; it only does not know of the last rollback yet', {
        mend: `mlreg resume --environment ${environment}`,
      });
    case 'drift':
      throw new UserError(
        'conflict',
        `${where} carries an ownership marker that can't be read: ${description}`,
        {
          why: 'the store is whole; something other than mlreg wrote the marker',
          mend: `mlreg rollback --to VERSION --environment ${environment}  # writes it anew`,
        },
      );
    default:
      if (behind === null) throw new Error(`no words for ${meaning.kind}`);
      return behind.what;
  }
}

/**
 * Another store has taken the place of this one, or the alias belongs to one that this store never heard of.
 * @throws UserError conflict, unless a person says that it is gone
 */
export function refuseOtherStore(
  { config: { name: environment } }: Pick<Session, 'config'>,
  { look }: Pick<Found, 'look'>,
  isForced: boolean,
  command: 'mlreg recover' | 'mlreg restore',
): void {
  const { meaning, where } = look.claim;
  const behind = behindText(meaning, { where, environment });
  if (behind === null || !isOfAnotherStore(meaning) || isForced) return;
  const again = command === 'mlreg recover' ? command : `${command} --from BACKUP --apply`;
  throw new UserError('conflict', behind.what, {
    why: behind.why,
    mend: [
      'name the store that is in use now in mlreg.yaml',
      `where that one is gone for good: ${again} --force --reason WHY --environment ${environment}`,
    ],
  });
}
