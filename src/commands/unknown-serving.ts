import type { VersionTag } from '../domain/units.ts';
import { PlatformError } from '../ports/platform.ts';
import { servedBy } from '../registry/rebuild.ts';
import type { Target } from './context.ts';

/**
 * The model version that a Lambda version names as its own, where the registry knows no champion: somebody's rollout put it
 * there, and a store that was lost or is named wrongly in mlreg.yaml knows of it. Null where it names none, as before a
 * first deploy, or can't be read.
 */
export async function servesUnknown(
  { connection: { store, platform } }: Target,
  functionVersion: string,
): Promise<VersionTag | null> {
  const versions = await store.versions();
  if (versions.some(({ status }) => status === 'champion')) return null;
  try {
    const variables = await platform.variables(functionVersion);
    return servedBy({ functionVersion, codeSha256: '', variables })?.champion.version ?? null;
  } catch (error) {
    if (error instanceof PlatformError) return null;
    throw error;
  }
}
