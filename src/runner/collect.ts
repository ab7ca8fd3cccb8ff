import type { Actor } from '../domain/journal.ts';
import type { VersionTag } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { type Platform, PlatformError } from '../ports/platform.ts';
import { mayAsk, type Retirement, retirements } from '../registry/retirement.ts';
import { sharerOf } from '../registry/shared-endpoints.ts';
import { bringToRest } from './bring-to-rest.ts';
import { newestToken, refuseUnlessKnown } from './look.ts';
import { acquireFree } from './acquire.ts';
import { collectVersions, type StaleVersions } from './collect-versions.ts';
import type { RolloutPorts } from './ports.ts';
import { reachedBy } from './reached.ts';
import { replay } from '../engine/fold-journal.ts';

interface Named {
  readonly version: VersionTag;
  readonly endpoint: string;
}

export interface Collection {
  /** Endpoint, its configuration and its model are gone; in a rehearsal: would be. */
  readonly retired: readonly Named[];
  readonly kept: readonly (Named & { readonly why: string })[];
  /** The tombstone stands, but AWS has not finished: the next run goes on. */
  readonly unfinished: readonly (Named & { readonly why: string })[];
  /** What was not at rest, and is now. */
  readonly tidied: readonly string[];
  /** Published Lambda versions. */
  readonly stale: StaleVersions;
}

export interface Collect {
  readonly environment: string;
  readonly alias: string;
  readonly green: string | null;
  /** How long a version is kept after it ceased to serve, where its rollout didn't say. */
  readonly keepMs: number;
  readonly actor: Actor;
  /** So many of the newest Lambda versions that mlreg published stay, also where nothing refers to them. */
  readonly keepVersions: number;
  /** Lambda versions that are deleted in one go: the environment is owned meanwhile. */
  readonly mostVersions: number;
  /** Says what would be done, and takes no lock. */
  readonly rehearse: boolean;
  /** Endpoints of versions that were rolled back go at once, instead of after `keepMs`: they hold the account's quotas. */
  readonly rolledBackAtOnce?: boolean;
}

export type Ports = Pick<RolloutPorts, 'store' | 'platform' | 'clock'>;
type Candidate = Exclude<Retirement, { kind: 'kept' }>;

/**
 * Takes down the endpoints of versions whose time is over. A delete can't be fenced, so all else comes first: a token of
 * its own, the aliases at rest under it, every alias read; then a tombstone in the registry, which nobody revokes. Whoever
 * wants such a version again provisions a new name.
 * @throws UserError conflict, where a rollout is under way or the alias doesn't serve the champion
 */
export async function collect(ports: Ports, wanted: Collect): Promise<Collection> {
  const { alias, green, environment } = wanted;
  const place = { alias, green, environment, strategy: 'gc' } as const;
  if (wanted.rehearse) {
    await refuseDuringRollout(ports, environment);
    const { due, kept } = await lookUp(ports, wanted);
    const { safe, reached } = await withoutReached(ports.platform, due);
    const stale = await versionsOver(ports, wanted, undefined);
    return { retired: safe.map(named), kept: [...kept, ...reached], unfinished: [], tidied: [], stale };
  }
  // A store that is behind may take a rollout for unfinished, and must not advise to go on with it.
  const found = await refuseUnlessKnown(ports, place);
  await refuseDuringRollout(ports, environment);
  const { store, platform, clock } = ports;
  const {
    token,
    writer,
    store: identity,
  } = await acquireFree(ports, {
    owner: wanted.actor,
    rollout: null,
    environment,
    atLeast: newestToken(found),
  });
  try {
    await refuseDuringRollout(ports, wanted.environment);
    // Tidying writes the alias: not over a marker of a newer store, nor over a rollback that its journal does not know.
    await refuseUnlessKnown(ports, place);
    const mark = writer === undefined || identity === undefined ? undefined : { writer, store: identity };
    const { due, kept, functionVersion } = await lookUp(ports, wanted);
    const leadsAstray = (back: string) => asksAny(platform, back, due);
    const tidied =
      functionVersion === undefined
        ? []
        : await bringToRest(platform, { ...wanted, token, mark, functionVersion, leadsAstray });
    const { safe, reached } = await withoutReached(platform, due);
    const at = clock.now();
    const tombstones = safe.map(({ version, endpoint }) => ({
      version,
      set: { tombstone: { at, endpoint } },
    }));
    if (tombstones.length > 0 && !(await store.change(token, tombstones))) {
      throw new UserError('conflict', `somebody else owns ${wanted.environment} now; nothing was retired`, {
        mend: `mlreg status --environment ${wanted.environment}`,
      });
    }
    const { retired, unfinished } = await takeDown(ports, token, safe);
    const stale = await versionsOver(ports, wanted, token);
    return { retired, kept: [...kept, ...reached], unfinished, tidied, stale };
  } finally {
    await store.release(token).catch(() => false);
  }
}

/** A registry that knows no champion does not know which Lambda versions somebody may return to. */
async function versionsOver(
  ports: Ports,
  { green, keepVersions: keep, mostVersions: atMost }: Collect,
  token: number | undefined,
): Promise<StaleVersions> {
  const records = await ports.store.versions();
  if (!records.some(({ status }) => status === 'champion')) return { functionVersions: [] };
  return collectVersions(ports, { swapsStage: green !== null, keep, atMost, token });
}

const named = ({ version, endpoint }: Named): Named => ({ version, endpoint });

export async function refuseDuringRollout({ store }: Ports, environment: string): Promise<void> {
  const [newest] = await store.rollouts();
  if (newest === undefined) return;
  const { outcome } = replay(newest, await store.journal(newest));
  if (outcome !== null && outcome.kind !== 'stuck') return;
  throw new UserError('conflict', `rollout ${newest} is not over in ${environment}; nothing is retired`, {
    why: 'what it may still need is known when it has ended',
    mend: [`mlreg status --environment ${environment}`, `mlreg resume --environment ${environment}`],
  });
}

async function lookUp({ store, clock, platform }: Ports, { keepMs, rolledBackAtOnce = false }: Collect) {
  const records = await store.versions();
  const due: Candidate[] = [];
  const kept: Collection['kept'][number][] = [];
  for (const one of retirements(records, { now: clock.now(), keepMs })) {
    const isRolledBack = records.some(
      ({ version, status }) => version === one.version && status === 'rolled_back',
    );
    const mayGo = rolledBackAtOnce && isRolledBack;
    if (one.kind === 'kept' && !mayGo && !(await hasFailed(platform, one.endpoint))) {
      const why = `until ${new Date(one.until).toISOString()}`;
      kept.push({ version: one.version, endpoint: one.endpoint, why });
    } else due.push(one.kind === 'kept' ? { ...named(one), kind: 'due' } : one);
  }
  // Of versions that share an endpoint the last one takes it along.
  const others = records.filter(({ version }) => due.every((one) => one.version !== version));
  const mine = due.filter((one) => {
    const sharer = sharerOf(others, one);
    if (sharer !== undefined)
      kept.push({ ...named(one), why: `it is the endpoint of ${sharer.version}, too` });
    return sharer === undefined;
  });
  const champion = records.find(({ status }) => status === 'champion');
  return { due: mine, kept, functionVersion: champion?.functionVersion };
}

/** A failed endpoint is nobody's way back, and holds quota: it may go at once. What can't be looked at is kept. */
async function hasFailed(platform: Platform, endpoint: string): Promise<boolean> {
  try {
    return (await platform.endpoint(endpoint)).kind === 'failed';
  } catch (error) {
    if (error instanceof PlatformError) return false;
    throw error;
  }
}

/** Leaves out what an alias reaches. */
async function withoutReached(
  platform: Platform,
  due: readonly Candidate[],
): Promise<{ readonly safe: readonly Candidate[]; readonly reached: Collection['kept'] }> {
  const aliases = await reachedBy(
    platform,
    due.map(({ endpoint }) => endpoint),
  );
  const reached = due.flatMap((one) => {
    const alias = aliases.get(one.endpoint);
    return alias === undefined ? [] : [{ ...named(one), why: `alias ${alias} reaches it` }];
  });
  return { safe: due.filter(({ endpoint }) => !aliases.has(endpoint)), reached };
}

/** Also where the Lambda version is gone: then it asks nobody any more. */
async function asksAny(platform: Platform, back: string, due: readonly Candidate[]): Promise<boolean> {
  if (due.length === 0) return false;
  try {
    const variables = await platform.variables(back);
    return due.some(({ endpoint }) => mayAsk(variables, endpoint));
  } catch (error) {
    if (error instanceof PlatformError && error.failure.kind === 'missing') return true;
    throw error;
  }
}

/** Behind the tombstone no lock is needed: what it names is nobody's any more. */
export async function takeDown(
  { store, platform, clock }: Ports,
  token: number,
  buried: readonly Named[],
): Promise<Pick<Collection, 'retired' | 'unfinished'>> {
  const retired: Named[] = [];
  const unfinished: Collection['unfinished'][number][] = [];
  for (const one of buried) {
    try {
      await platform.deleteEndpoint(one.endpoint);
      retired.push(named(one));
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      unfinished.push({ ...named(one), why: error.message });
    }
  }
  const at = clock.now();
  const gone = retired.map(({ version }) => ({ version, set: { retiredAt: at } }));
  // Where somebody has taken over meanwhile, the next run finds them gone, and says so then.
  if (gone.length > 0) await store.change(token, gone);
  return { retired, unfinished };
}
