import type { AliasView } from '../ports/platform.ts';
import { PlatformError } from '../ports/platform.ts';
import type { Damage, Publication } from '../ports/inventory.ts';
import type { Store } from '../ports/store.ts';
import { parseVersion } from '../domain/parse.ts';
import { sameTarget, targetText } from '../domain/route.ts';
import type { RolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { type Rebuilt, rebuild, servedBy } from '../registry/rebuild.ts';
import { behindText, lookAt } from '../rollout/look.ts';
import type { Meaning } from '../rollout/marker.ts';
import { replay } from '../rollout/replay.ts';
import { restore } from '../rollout/restore.ts';
import { planOf } from '../strategies/common.ts';
import { settingsFor } from './compile.ts';
import { type Context, type Target, target } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { forceOf } from './owner.ts';
import { refuseContradicted } from './recover-champion.ts';

export interface RecoverOptions {
  readonly champion?: string;
  readonly reason?: string;
  readonly force?: boolean;
}

/** What stands where, before anything is changed. */
interface Found {
  readonly store: Store;
  readonly damage: Damage | null;
  readonly meaning: Meaning;
  /** The alias that users reach. */
  readonly view: AliasView;
  /** That one and the other that the stage may name. */
  readonly aliases: readonly { readonly name: string; readonly view: AliasView }[];
}

/**
 * Rebuilds the registry from the alias, the Lambda versions and the endpoints, where the store was lost, damaged, cut or put
 * back from an older copy. Shows what it found and asks. Moves no users.
 */
export async function recover(context: Context, options: RecoverOptions): Promise<ExitCode> {
  const champion = options.champion === undefined ? undefined : parseVersion(options.champion, '--champion');
  const forced = forceOf(options);
  const at = await target(context);
  const { config, connection } = at;
  const found = await look(at);
  const why = whyOf(at, found, forced !== undefined);
  if (why === null) {
    context.output.answer(
      { kind: 'Recover', result: 'nothing-to-recover', environment: config.name },
      () =>
        `${config.name}: the store is whole and agrees with alias ${config.lambda.alias}; nothing was changed`,
    );
    return exitCode.done;
  }
  const rollout = context.world.ids.rolloutId();
  const { view } = found;
  const rebuilt = await rebuiltFrom(context, at, found, { rollout, champion });
  const closes = await unfinishedIn(found.store);
  const data = {
    environment: config.name,
    why,
    alias: { name: config.lambda.alias, ...view.target },
    champion: rebuilt.champion,
    previous: rebuilt.previous,
    onTrial: rebuilt.onTrial,
    registered: rebuilt.register.map(({ version }) => version),
    changed: rebuilt.changes.map(({ version, set }) => ({ version, status: set.status ?? null })),
    lost: rebuilt.lost,
    closed: closes,
  };
  await agree(context, at, foundText(at, found, why, rebuilt, closes));
  const aside = found.damage === null ? null : await connection.recovery.salvage();
  const { champion: serving, previous } = rebuilt;
  const { tickMs } = config.strategies.watch;
  const roles = { champion: previous?.version ?? null, challenger: serving.version };
  const settings = settingsFor(config, roles, { shares: [100], bakeMs: tickMs, tickMs }, []);
  const lock = await restore(
    {
      store: connection.store,
      platform: connection.platform,
      clock: context.world.clock,
      ids: context.world.ids,
    },
    {
      actor: context.actor,
      reason: options.reason ?? '',
      rollout,
      // What is guarded is the champion; nothing is left to do.
      plan: planOf('watch', settings, []),
      endpoints: endpointsIn(rebuilt),
      back: previous?.functionVersion ?? serving.functionVersion,
      aliases: found.aliases,
      register: rebuilt.register,
      changes: rebuilt.changes,
      closes,
    },
  );
  context.output.answer(
    { kind: 'Recover', result: 'recovered', ...data, store: lock.store ?? null, setAside: aside },
    () =>
      [
        `${config.name}: the registry was rebuilt. ${serving.version} is the champion; users stayed where they were`,
        ...(aside === null ? [] : [`the damaged records are kept in ${aside}`]),
        ...(rebuilt.lost.length === 0
          ? []
          : [
              `not rebuilt, because their models are gone: ${rebuilt.lost.join(', ')}; next: mlreg register VERSION --artifact URI`,
            ]),
        ...(isSplit(rebuilt, view)
          ? [
              `alias ${config.lambda.alias} still serves ${targetText(view.target)}, and nobody judges it; next: mlreg rollback --to ${serving.version} --environment ${config.name}`,
            ]
          : [`next: mlreg doctor --environment ${config.name}`]),
      ].join('\n'),
  );
  return exitCode.done;
}

async function look({ config, connection }: Target): Promise<Found> {
  const { store, damage } = await connection.recovery.look();
  const { alias, green } = config.lambda;
  const view = await connection.platform.readAlias(alias);
  const second = green === null ? null : await unlessMissing(connection.platform.readAlias(green));
  const others = second === null || green === null ? [] : [{ name: green, view: second }];
  const meaning = await lookAt(store, view);
  return { store, damage, meaning, view, aliases: [{ name: alias, view }, ...others] };
}

/**
 * Why the registry is to be rebuilt; null where there is nothing to do.
 * @throws UserError conflict, where something else has to be done
 */
function whyOf({ config }: Target, { damage, meaning, view }: Found, isForced: boolean): string | null {
  const { name: environment } = config;
  const { alias } = config.lambda;
  if (damage !== null) return `${damage.problem}; ${damage.records} records before it are sound`;
  switch (meaning.kind) {
    case 'own':
    case 'superseded':
    case 'unmarked':
      return null;
    case 'unknown-rollback':
      throw new UserError('conflict', 'the store is whole; it only does not know of the last rollback yet', {
        mend: `mlreg resume --environment ${environment}`,
      });
    case 'drift':
      throw new UserError(
        'conflict',
        `alias ${alias} carries an ownership marker that can't be read: ${view.description}`,
        {
          why: 'the store is whole; something other than mlreg wrote the marker',
          mend: `mlreg rollback --to VERSION --environment ${environment}  # writes it anew`,
        },
      );
    default: {
      const text = behindText(meaning, { alias, environment });
      if (text === null) throw new Error(`no words for ${meaning.kind}`);
      if (meaning.kind !== 'replaced' || isForced) return text.what;
      throw new UserError('conflict', text.what, {
        why: text.why,
        mend: [
          'name the store that is in use now in mlreg.yaml',
          `where that one is gone for good: mlreg recover --force --reason WHY --environment ${environment}`,
        ],
      });
    }
  }
}

async function rebuiltFrom(
  { world, actor }: Context,
  { connection, config }: Target,
  { store, view }: Found,
  wanted: { readonly rollout: RolloutId; readonly champion: ReturnType<typeof parseVersion> | undefined },
): Promise<Rebuilt> {
  const { platform, inventory } = connection;
  const publications = await inventory.publications();
  const served = publications.flatMap((one: Publication) => servedBy(one) ?? []);
  const back = view.stamp?.back;
  refuseContradicted(config, wanted.champion, { target: view.target, back, served });
  const names = [
    ...new Set(
      served.flatMap(({ champion, challenger }) => [
        champion.endpoint,
        ...(challenger === undefined ? [] : [challenger.endpoint]),
      ]),
    ),
  ];
  const endpoints = new Map<string, boolean>();
  const artifacts = new Map<string, { readonly uri: string; readonly digest: string }>();
  for (const name of names) {
    const { kind } = await platform.endpoint(name);
    endpoints.set(name, kind !== 'absent' && kind !== 'deleting');
    const artifact = await inventory.artifact(name);
    if (artifact !== null) artifacts.set(name, artifact);
  }
  const rebuilt = rebuild({
    target: view.target,
    back,
    served,
    endpoints,
    artifacts,
    known: await store.versions(),
    champion: wanted.champion,
    by: actor.name,
    at: world.clock.now(),
    rollout: wanted.rollout,
  });
  if (rebuilt !== null) return rebuilt;
  throw new UserError(
    'conflict',
    `alias ${config.lambda.alias} serves ${targetText(view.target)}, which names no model version`,
    {
      why: 'mlreg did not publish it, so only a person knows which version it is',
      mend: `mlreg recover --champion VERSION --environment ${config.name}`,
    },
  );
}

async function unfinishedIn(store: Store): Promise<readonly RolloutId[]> {
  const open: RolloutId[] = [];
  for (const id of await store.rollouts()) {
    const { outcome } = replay(id, await store.journal(id));
    if (outcome === null || outcome.kind === 'stuck') open.push(id);
  }
  return open;
}

const isSplit = ({ champion, onTrial }: Rebuilt, { target: served }: AliasView): boolean =>
  onTrial.length > 0 || !sameTarget(served, { functionVersion: champion.functionVersion, weights: {} });

function endpointsIn({ changes, register }: Rebuilt) {
  const named = [...register, ...changes.map(({ version, set }) => ({ version, ...set }))];
  return Object.fromEntries(
    named.flatMap(({ version, endpoint }) => (endpoint === undefined ? [] : [[version, endpoint] as const])),
  );
}

function foundText(
  { config }: Target,
  { aliases }: Found,
  why: string,
  { champion, previous, onTrial, register, changes, lost }: Rebuilt,
  closes: readonly RolloutId[],
): string {
  const row = (name: string, text: string): string => `  ${name.padEnd(9)} ${text}`;
  const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
  const statuses = changes.flatMap(({ version, set }) =>
    set.status === undefined ? [] : [`${version} ${set.status}`],
  );
  return [
    `${config.name}: ${why}`,
    ...aliases.map(({ name, view }) => row('alias', `${name} serves ${targetText(view.target)}`)),
    row('champion', `${champion.version}, Lambda version ${champion.functionVersion}`),
    row(
      'before',
      previous === null ? 'unknown' : `${previous.version}, Lambda version ${previous.functionVersion}`,
    ),
    ...(onTrial.length === 0 ? [] : [row('on trial', `${listed(onTrial)}, which nobody judges any more`)]),
    row('added', listed(register.map(({ version }) => version))),
    row('changed', listed(statuses)),
    ...(lost.length === 0 ? [] : [row('lost', `${listed(lost)}: their models are gone`)]),
    row('closed', listed(closes)),
    row('users', 'stay where they are'),
  ].join('\n');
}

/** @throws UserError usage, where nobody agrees */
async function agree({ world, output, options }: Context, { config }: Target, text: string): Promise<void> {
  output.say(text);
  if (options.yes === true) return;
  if (!world.streams.stderrIsTerminal) {
    throw new UserError('usage', 'the registry is rebuilt only where somebody agrees; nothing was changed', {
      why: 'what the store said since its last sound record is lost with it: journals, approvals, offline metrics',
      mend: `mlreg recover --yes --environment ${config.name}`,
    });
  }
  const answer = await world.ask(`Rebuild the registry of ${config.name} from this? [y/N] `);
  if (!/^y(es)?$/i.test(answer?.trim() ?? ''))
    throw new UserError('usage', 'not confirmed; nothing was changed');
}

async function unlessMissing(read: Promise<AliasView>): Promise<AliasView | null> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof PlatformError && error.failure.kind === 'missing') return null;
    throw error;
  }
}
