import type { Stamp } from '../domain/journal.ts';
import type { VersionRecord } from '../domain/registry.ts';
import type { RolloutId } from '../domain/units.ts';
import { type Platform, PlatformError } from '../ports/platform.ts';
import { staleVersions } from '../registry/stale-versions.ts';
import type { RolloutPorts } from './ports.ts';
import { replay } from '../engine/fold-journal.ts';

type Ports = Pick<RolloutPorts, 'store' | 'platform'>;

export interface StaleVersions {
  /** Lambda versions that nothing refers to; deleted, or in a rehearsal: would be. */
  readonly functionVersions: readonly string[];
  /** Why others were left, where something stood in the way. */
  readonly left?: string;
}

/**
 * Deletes published Lambda versions that nothing refers to. AWS refuses one that an alias names, and never gives its number to
 * another; a rollback uses only what the registry, an alias or its marker names. So what is deleted here can't be meant by
 * anybody later, and a delete that comes late does no harm. What stands in the way is told, and is nobody's fault.
 * @param wanted.token under which the environment is owned; undefined: a rehearsal
 */
export async function collectVersions(
  ports: Ports,
  wanted: {
    readonly swapsStage: boolean;
    readonly keep: number;
    readonly atMost: number;
    readonly token: number | undefined;
  },
): Promise<StaleVersions> {
  const { store, platform } = ports;
  const gone: string[] = [];
  try {
    const published = await platform.publishedVersions();
    if (staleVersions(published, new Set(), wanted.keep).length === 0) return { functionVersions: [] };
    const stale = staleVersions(published, await referenced(ports, wanted.swapsStage), wanted.keep);
    const due = stale.slice(0, wanted.atMost);
    if (wanted.token === undefined) return { functionVersions: due };
    for (const [index, functionVersion] of due.entries()) {
      // Shows that the owner lives, and stops where somebody has taken the environment over.
      if (index % beatEvery === 0 && !(await store.beat(wanted.token)))
        return { functionVersions: gone, left: 'somebody else took over' };
      await platform.deleteFunctionVersion(functionVersion);
      gone.push(functionVersion);
    }
    return { functionVersions: gone };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return { functionVersions: gone, left: error.message };
  }
}

/** Deletes between two beats: a hundred take AWS some seconds. */
const beatEvery = 10;

/** Every Lambda version that an alias, a marker, the registry, or a journal that a marker names refers to. */
async function referenced({ store, platform }: Ports, swapsStage: boolean): Promise<ReadonlySet<string>> {
  const stamps: Stamp[] = [];
  const found = new Set<string>();
  for (const { name } of await platform.aliases()) {
    const { target, stamp } = await platform.readAlias(name);
    for (const version of [target.functionVersion, ...Object.keys(target.weights)]) found.add(version);
    if (stamp !== undefined) stamps.push(stamp);
  }
  const staged = swapsStage ? await stageStamp(platform) : undefined;
  if (staged !== undefined) stamps.push(staged);
  for (const { back, detail } of stamps) {
    found.add(back);
    if (detail !== undefined) found.add(detail.target);
  }
  for (const record of await store.versions()) for (const version of namedBy(record)) found.add(version);
  const [newest] = await store.rollouts();
  const rollouts = new Set([
    ...(newest === undefined ? [] : [newest]),
    ...stamps.map(({ rollout }) => rollout),
  ]);
  for (const id of rollouts) for (const version of await journaled(store, id)) found.add(version);
  return found;
}

/** @throws PlatformError where the stage is there and can't be read: what its marker names is not known then */
async function stageStamp(platform: Platform): Promise<Stamp | undefined> {
  try {
    return (await platform.readStage()).stamp;
  } catch (error) {
    if (error instanceof PlatformError && error.failure.kind === 'missing') return undefined;
    throw error;
  }
}

const namedBy = ({ functionVersion, services = [] }: VersionRecord): readonly string[] => [
  ...(functionVersion === undefined ? [] : [functionVersion]),
  ...services.map((service) => service.functionVersion),
];

async function journaled(store: Ports['store'], id: RolloutId): Promise<readonly string[]> {
  const entries = await store.journal(id);
  if (entries.length === 0) return [];
  const { home, published, plan, keeps } = replay(id, entries);
  const others = [plan.returnsTo?.functionVersion, keeps?.functionVersion];
  return [home.functionVersion, ...Object.values(published), ...others.filter((one) => one !== undefined)];
}
