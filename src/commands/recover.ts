import type { Publication } from '../ports/inventory.ts';
import type { Store } from '../ports/store.ts';
import { parseArmTag } from '../domain/arm.ts';
import { targetText } from '../domain/route.ts';
import type { RolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { type Rebuilt, rebuild, servedBy } from '../registry/rebuild.ts';
import { aliasesIn, markersIn } from '../runner/environment-view.ts';
import { replay } from '../engine/fold-journal.ts';
import { restore } from '../runner/restore.ts';
import { planOf } from '../strategies/common.ts';
import { settingsFor } from './compile.ts';
import { type Context, type Target, target } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { forceOf } from './owner.ts';
import { refuseContradicted } from './recover-champion.ts';
import { type Found, lookFor, whyOf } from './recover-look.ts';
import { foundText, nextText, stageData } from './recover-text.ts';

export interface RecoverOptions {
  readonly champion?: string;
  readonly reason?: string;
  readonly force?: boolean;
}

/**
 * Rebuilds the registry from the alias, the Lambda versions and the endpoints, where the store was lost, damaged, cut or put
 * back from an older copy. Shows what it found and asks. Moves no users.
 */
export async function recover(context: Context, options: RecoverOptions): Promise<ExitCode> {
  const champion = options.champion === undefined ? undefined : parseArmTag(options.champion, '--champion');
  const forced = forceOf(options);
  const at = await target(context);
  const { config, connection } = at;
  const found = await lookFor(at);
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
  const { main } = found.look;
  const rebuilt = await rebuiltFrom(context, at, found, { rollout, champion });
  const closes = await unfinishedIn(found.store);
  const data = {
    environment: config.name,
    why,
    alias: { name: main.name, ...main.view.target },
    stage: stageData(found.look),
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
      aliases: aliasesIn(found.look),
      stamps: markersIn(found.look).flatMap(({ stamp }) => stamp ?? []),
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
        ...nextText(at, found, rebuilt),
      ].join('\n'),
  );
  return exitCode.done;
}

async function rebuiltFrom(
  { world, actor }: Context,
  { connection, config }: Target,
  { store, served: now, back }: Found,
  wanted: { readonly rollout: RolloutId; readonly champion: ReturnType<typeof parseArmTag> | undefined },
): Promise<Rebuilt> {
  const { platform, inventory } = connection;
  const publications = await inventory.publications();
  const served = publications.flatMap((one: Publication) => servedBy(one) ?? []);
  refuseContradicted(config, wanted.champion, { ...now, back, served });
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
    ...now,
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
    `alias ${config.lambda.alias} serves ${targetText(now.target)}, which names no model version`,
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

function endpointsIn({ changes, register }: Rebuilt) {
  const named = [...register, ...changes.map(({ version, set }) => ({ version, ...set }))];
  return Object.fromEntries(
    named.flatMap(({ version, endpoint }) => (endpoint === undefined ? [] : [[version, endpoint] as const])),
  );
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
