import type { VersionTag } from '../domain/units.ts';
import { type Platform, PlatformError } from '../ports/platform.ts';
import type { Store } from '../ports/store.ts';
import { servedBy } from '../registry/served.ts';
import type { EnvironmentView, NamedAlias } from './environment-view.ts';
import type { Meaning } from '../engine/marker.ts';

/** A version that users reach, though no record of the registry and no marker says how it came there. */
export interface UnknownServing {
  readonly alias: string;
  /** As the Lambda version that serves names it. */
  readonly version: VersionTag;
}

interface Ports {
  readonly store: Pick<Store, 'versions'>;
  readonly platform: Pick<Platform, 'variables'>;
}

/**
 * Looks for a version that somebody's rollout put there, and that a store which was lost, or is named wrongly in mlreg.yaml,
 * knows of. Asks the store and AWS only where no marker explains what serves.
 * @returns null where the registry knows a champion, where the Lambda version that serves names none, as before a first
 *   deploy, or where it can't be read
 */
export async function findUnknownServing(
  { store, platform }: Ports,
  { main, reached }: Pick<EnvironmentView, 'main' | 'reached'>,
  { kind }: Meaning,
): Promise<UnknownServing | null> {
  // Of a marker that is another store's, or can't be read, that is what people are told.
  const isKnown = kind === 'own' || kind === 'superseded' || kind === 'unknown-rollback';
  if (!isKnown && kind !== 'unmarked') return null;
  const aliases = main.name === reached.name ? [main] : [main, reached];
  const unexplained = aliases.filter((alias) => !(isKnown && isExplained(alias)));
  if (unexplained.length === 0) return null;
  if ((await store.versions()).some(({ status }) => status === 'champion')) return null;
  for (const { name, view } of unexplained) {
    const version = await versionServedBy(platform, view.target.functionVersion);
    if (version !== null) return { alias: name, version };
  }
  return null;
}

/** Its own marker names what it serves. A marker of format 1 does not say what it was written for. */
const isExplained = ({ view: { stamp, target } }: NamedAlias): boolean =>
  stamp !== undefined && (stamp.detail === undefined || stamp.detail.target === target.functionVersion);

async function versionServedBy(
  platform: Ports['platform'],
  functionVersion: string,
): Promise<VersionTag | null> {
  try {
    const variables = await platform.variables(functionVersion);
    return servedBy({ functionVersion, codeSha256: '', variables })?.champion.version ?? null;
  } catch (error) {
    if (error instanceof PlatformError) return null;
    throw error;
  }
}

/** What a person is told of it. */
export function unknownServingText(
  { alias, version }: UnknownServing,
  environment: string,
): { readonly what: string; readonly why: string; readonly mend: readonly [string, string] } {
  return {
    what: `alias ${alias} serves ${version}, and this store knows of no rollout of it`,
    why: 'the store was lost, or is not the one in use',
    mend: [
      `mlreg recover --environment ${environment}  # rebuilds the registry from what serves`,
      'or name the store that is in use in mlreg.yaml (environments.ENVIRONMENT.table), or run mlreg in the directory whose .mlreg holds it',
    ],
  };
}
