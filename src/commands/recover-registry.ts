import type { VersionTag, RolloutId } from '../domain/units.ts';
import { targetText } from '../domain/route.ts';
import { UserError } from '../domain/user-error.ts';
import { replay } from '../engine/fold-journal.ts';
import type { Publication } from '../ports/inventory.ts';
import type { LockRecord, Store } from '../ports/store.ts';
import { foundByRecovery, foundByRestore } from '../registry/known-good.ts';
import { type Rebuilt, rebuild } from '../registry/rebuild.ts';
import { servedBy } from '../registry/served.ts';
import { aliasesIn, markersIn } from '../runner/environment-view.ts';
import type { Look } from '../runner/look.ts';
import { type Restore, restore } from '../runner/restore.ts';
import { planOf } from '../strategies/common.ts';
import { settingsFor } from '../app/plan/compile.ts';
import type { Session } from '../app/session.ts';
import type { Context } from './context.ts';
import { refuseContradicted } from './recover-champion.ts';
import type { Found } from './recover-look.ts';

/** @throws UserError where nothing says which version serves, or a person's word is contradicted */
export async function rebuiltFrom(
  { world, actor }: Context,
  { connection, config }: Session,
  { store, served: now, back }: Pick<Found, 'store' | 'served' | 'back'>,
  wanted: {
    readonly command: Restore['command'];
    readonly rollout: RolloutId;
    readonly champion: VersionTag | undefined;
    /** The store knows all that happened to the alias. */
    readonly isComplete?: boolean;
  },
): Promise<Rebuilt> {
  const { platform, inventory } = connection;
  const publications = await inventory.publications();
  const served = publications.flatMap((one: Publication) => servedBy(one) ?? []);
  refuseContradicted(config, wanted, { ...now, back, served });
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
    reason: wanted.command === 'mlreg recover' ? foundByRecovery : foundByRestore,
    isComplete: wanted.isComplete === true,
  });
  if (rebuilt !== null) return rebuilt;
  throw new UserError(
    'conflict',
    `alias ${config.lambda.alias} serves ${targetText(now.target)}, which names no model version`,
    {
      why: 'mlreg did not publish it, so only a person knows which version it is',
      mend: `${wanted.command} --champion VERSION --environment ${config.name}`,
    },
  );
}

/** Rollouts that the store takes for unfinished, or that are stuck. */
export async function unfinishedIn(store: Store): Promise<readonly RolloutId[]> {
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

/**
 * The store takes the place of all that the markers name, with the registry as it was rebuilt.
 * @throws Overtaken, UserError
 */
export function restoreAs(
  { world, actor }: Context,
  { config, connection }: Session,
  { store, look }: { readonly store: Store; readonly look: Look },
  wanted: Pick<Restore, 'command' | 'reason' | 'rollout' | 'closes'> & { readonly rebuilt: Rebuilt },
): Promise<LockRecord> {
  const { rebuilt, ...order } = wanted;
  const { champion, previous } = rebuilt;
  const { tickMs } = config.strategies.watch;
  const roles = { champion: previous?.version ?? null, challenger: champion.version };
  const settings = settingsFor(config, roles, { shares: [100], bakeMs: tickMs, tickMs }, []);
  return restore(
    { store, platform: connection.platform, clock: world.clock, ids: world.ids },
    {
      ...order,
      actor,
      // What is guarded is the champion; nothing is left to do.
      plan: planOf('watch', settings, []),
      endpoints: endpointsIn(rebuilt),
      back: previous?.functionVersion ?? champion.functionVersion,
      aliases: aliasesIn(look),
      stamps: markersIn(look).flatMap(({ stamp }) => stamp ?? []),
      register: rebuilt.register,
      changes: rebuilt.changes,
    },
  );
}
