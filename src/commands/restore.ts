import { parseArmTag } from '../domain/arm.ts';
import type { VersionTag } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import type { Comparison, History } from '../ports/history.ts';
import type { LockRecord, Store } from '../ports/store.ts';
import { claimIn } from '../runner/look.ts';
import { Overtaken } from '../runner/restore.ts';
import { readBackup } from './backup.ts';
import type { Session } from '../app/session.ts';
import { confirm } from '../app/confirm.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { forceOf, ownerLives } from '../app/owner.ts';
import { type Found, findIn, refuseOtherStore } from './recover-look.ts';
import { rebuiltFrom, restoreAs, unfinishedIn } from './recover-registry.ts';
import { nextText } from './recover-text.ts';
import { type Original, openOriginals, sealAll } from './restore-original.ts';
import { restoreData, restoreText, type Shown, type Source } from './restore-text.ts';

export interface RestoreOptions {
  readonly from?: string;
  readonly apply?: boolean;
  readonly table?: string;
  readonly supersedes?: string;
  readonly champion?: string;
  readonly reason?: string;
  readonly force?: boolean;
}

/** Who else writes the aliases at the same moment is a rollout: it does so some times, and not for ever. */
const mostLooks = 5;

/**
 * Puts a backup into the environment's store, or takes a table into use that AWS restored. Shows first how it differs from
 * what serves. With --apply the store takes the place of every store that the aliases' markers name. Moves no users.
 */
export async function restoreStore(context: Context, options: RestoreOptions): Promise<ExitCode> {
  const champion = options.champion === undefined ? undefined : parseArmTag(options.champion, '--champion');
  const forced = forceOf(options);
  refuseWords(options);
  const own = await context.environment();
  const config =
    options.table === undefined
      ? own
      : { ...own, store: { kind: 'dynamodb' as const, table: options.table } };
  const at: Session = { config, connection: await context.world.connect(config) };
  const history = await at.connection.history();
  const source = await sourceOf(context, at, options, history);
  const place: Place = { at, history, source };
  const originals = await openOriginals(context, own, options);
  if (source.kind === 'table') refuseItself(options, await at.connection.store.lock());
  refuseStranger(await storeIn(place).lock(), originals, source);
  // What differs is shown in any case.
  const isForced = forced !== undefined || options.apply !== true;
  const look = () => lookFor(context, place, { champion, isForced });
  let shown = await look();
  const first = { ...shown, source, target: history.where };
  if (shown.isDone) {
    context.output.answer(
      restoreData(config, first, { result: 'nothing-to-restore' }),
      () => `${config.name}: ${history.where} is in use already, and the aliases say so; nothing was changed`,
    );
    return exitCode.done;
  }
  if (options.apply !== true) {
    context.output.answer(restoreData(config, first, { result: 'differences' }), () =>
      [restoreText(at, first), `nothing was changed; next: the same command with --apply`].join('\n'),
    );
    return exitCode.done;
  }
  if (forced === undefined) await refuseLiving(context, at, source, originals);
  refuseUnkept(history, source);
  context.output.say(restoreText(at, first));
  await confirm(context, config, `Restore the store of ${config.name}? Users stay where they are.`);
  const actor = context.actor;
  const taken =
    source.kind === 'table'
      ? { store: asTakenOver(at.connection.store), aside: null }
      : await history.take(source.backup.cut, { actor, at: context.world.clock.now() });
  const { store, aside } = taken;
  for (let looks = 1; ; looks++) {
    try {
      // What the store says now; how users left a version, the backup says alone.
      const found = await findIn(at, store, null);
      refuseOtherStore(at, found, forced !== undefined, 'mlreg restore');
      const rollout = context.world.ids.rolloutId();
      const command = 'mlreg restore';
      const rebuilt = await rebuiltFrom(context, at, found, {
        ...{ command, rollout, champion },
        isComplete: shown.isComplete,
      });
      const closes = await unfinishedIn(store);
      const reason = options.reason ?? '';
      const lock = await restoreAs(
        context,
        at,
        { store, look: found.look },
        { command, reason, rollout, rebuilt, closes },
      );
      const sealed = await sealAll(originals, lock);
      const done = { ...first, ...shown, rebuilt, closes };
      context.output.answer(
        restoreData(config, done, { result: 'restored', store: lock.store ?? null, setAside: aside, sealed }),
        () =>
          [
            `${config.name}: restored into ${history.where}. ${rebuilt.champion.version} is the champion; users stayed where they were`,
            ...(aside === null ? [] : [`the records that were there are kept in ${aside}`]),
            ...sealed.map(({ where, isSealed }) =>
              isSealed
                ? `${where} is sealed: nothing moves users from there`
                : `${where} could not be reached; it stops at its next look at the alias`,
            ),
            ...(options.table === undefined || sameTable(own.store, options.table)
              ? []
              : [`next: set environments.${config.name}.table to ${options.table} in mlreg.yaml`]),
            ...nextText(at, found, rebuilt),
          ].join('\n'),
      );
      return exitCode.done;
    } catch (error) {
      if (!(error instanceof Overtaken) || looks === mostLooks) throw error;
      context.output.say(`${error.message}; looking again`);
      shown = await look();
    }
  }
}

function refuseWords({ from, table, supersedes }: RestoreOptions): void {
  if (from === undefined && table === undefined)
    throw new UserError('usage', 'restored from what?', {
      mend: [
        'mlreg restore --from BACKUP',
        'mlreg restore --table NEW --supersedes OLD  # a table that AWS restored',
      ],
    });
  if (from === undefined && supersedes === undefined)
    throw new UserError('usage', `which table was ${table} made of?`, {
      why: 'the store in it must take the place of the one in that table',
      mend: `mlreg restore --table ${table} --supersedes OLD`,
    });
}

/** @throws UserError where a table is to take its own place, unless it was deleted, and restored under its name */
function refuseItself({ table, supersedes }: RestoreOptions, { elsewhere }: LockRecord): void {
  if (table === undefined || table !== supersedes || elsewhere !== undefined) return;
  throw new UserError('usage', 'a table does not take its own place', {
    why: 'AWS restores a table under a new name, and this one has the id that it always had',
    mend: 'mlreg restore --table NEW --supersedes OLD',
  });
}

async function sourceOf(
  context: Context,
  at: Session,
  { from }: RestoreOptions,
  history: History,
): Promise<Source> {
  if (from === undefined) return { kind: 'table', where: history.where };
  const backup = await readBackup(context, at, from);
  const comparison = await history.compare(backup.cut);
  return { kind: 'backup', backup, comparison };
}

/** As it will be once it is in use: its records are looked at for what they say, wherever AWS put them. */
const asTakenOver = (store: Store): Store =>
  Object.assign(Object.create(store) as Store, {
    async lock(): Promise<LockRecord> {
      const { elsewhere: _other, ...lock } = await store.lock();
      return lock;
    },
  });

/** Where a backup is to go. */
interface Place {
  readonly at: Session;
  readonly history: History;
  readonly source: Source;
}

/** What the store will say: of a restore that was cut off after its records were written, what is there. */
const storeIn = ({ at, history, source }: Place): Store =>
  source.kind === 'table'
    ? asTakenOver(at.connection.store)
    : source.comparison.kind === 'begun' || source.comparison.kind === 'done'
      ? at.connection.store
      : history.view(source.backup.cut);

async function lookFor(
  context: Context,
  place: Place,
  { champion, isForced }: { readonly champion: VersionTag | undefined; readonly isForced: boolean },
): Promise<Omit<Shown, 'source' | 'target'>> {
  const { at, source } = place;
  const store = storeIn(place);
  const found = await findIn(at, store, null);
  refuseOtherStore(at, found, isForced, 'mlreg restore');
  const isComplete = await knowsAll(place, found);
  const rollout = context.world.ids.rolloutId();
  const command = 'mlreg restore';
  const rebuilt = await rebuiltFrom(context, at, found, { command, rollout, champion, isComplete });
  const closes = await unfinishedIn(store);
  return {
    found,
    rebuilt,
    closes,
    isComplete,
    isDone: isComplete && (await isTaken(at.connection.store, source)),
  };
}

/** Whether the backup knows all that happened to the aliases: the newest marker is one of its own. */
async function knowsAll({ history, source }: Place, { look }: Found): Promise<boolean> {
  if (look.unknown !== null) return false;
  if (source.kind === 'table' || source.comparison.kind !== 'begun') return look.claim.meaning.kind === 'own';
  return (await claimIn(history.view(source.backup.cut), look)).meaning.kind === 'own';
}

/** The backup, or the table, was restored already, and the aliases carry the store's marker. */
async function isTaken(store: Store, source: Source): Promise<boolean> {
  if (source.kind === 'backup') return source.comparison.kind === 'done';
  const { store: identity, restoring, elsewhere } = await store.lock();
  return restoring !== true && elsewhere === undefined && identity?.supersedes !== undefined;
}

/** @throws UserError where the table is no copy of the one whose place it is to take */
function refuseStranger(lock: LockRecord, originals: readonly Original[], source: Source): void {
  if (source.kind !== 'table') return;
  const ids = [lock.store, ...(lock.store?.supersedes ?? [])].flatMap((one) => one?.id ?? []);
  if (lock.token === 0)
    throw new UserError('conflict', `${source.where} is empty: it was not restored from a table of mlreg's`, {
      mend: 'mlreg restore --from BACKUP --table NEW  # puts a backup into an empty table',
    });
  for (const { name, lock: other } of originals) {
    const id = other?.store?.id;
    if (id === undefined || ids.includes(id) || other?.sealedBy !== undefined) continue;
    throw new UserError('conflict', `${source.where} was not restored from table ${name}`, {
      why: `they hold different stores: ${ids.join(', ') || 'one without an id'} and ${id}`,
      mend: 'mlreg restore --table NEW --supersedes OLD  # OLD is the table that AWS restored NEW from',
    });
  }
}

/** @throws UserError conflict, where somebody drives a rollout in a store that is to be replaced */
async function refuseLiving(
  context: Context,
  at: Session,
  source: Source,
  originals: readonly Original[],
): Promise<void> {
  const inPlace =
    source.kind === 'backup' && hasLock(source.comparison) && source.comparison.lock.restoring !== true
      ? [{ target: at, lock: source.comparison.lock }]
      : [];
  for (const { target, lock } of [...inPlace, ...originals]) {
    const owner = lock?.owner ?? null;
    if (owner === null || !(await ownerLives(context, target))) continue;
    throw new UserError(
      'conflict',
      `${owner.name} (${owner.host}) drives a rollout in the store that is to be replaced`,
      {
        why: 'after a restore nobody judges that rollout, and its users stay where they are',
        mend: [
          `mlreg abort --environment ${target.config.name}`,
          'wait for its end',
          'or add --force --reason WHY',
        ],
      },
    );
  }
}

const hasLock = (found: Comparison): found is Extract<Comparison, { readonly lock: LockRecord }> =>
  'lock' in found;

/** @throws UserError before anything is changed */
function refuseUnkept(
  { where, canSetAside }: { readonly where: string; readonly canSetAside: boolean },
  source: Source,
): void {
  if (canSetAside || source.kind === 'table') return;
  const { kind } = source.comparison;
  if (kind !== 'other' && kind !== 'damaged') return;
  throw new UserError('conflict', `${where} holds records that the backup does not have`, {
    why: 'mlreg deletes and changes no record in a table',
    mend: `make a new table and name it: mlreg restore --from ${source.backup.path} --table NEW --apply`,
  });
}

const sameTable = (store: { readonly kind: string; readonly table?: string }, table: string): boolean =>
  store.kind === 'dynamodb' && store.table === table;
