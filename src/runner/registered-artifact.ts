import type { VersionRecord } from '../domain/registry.ts';
import type { Artifacts } from '../ports/platform.ts';

/**
 * In what the artifact is not the one that was registered, for people; null where it is the very one.
 * @throws UserError or PlatformError where it can't be read
 */
export async function otherArtifact(
  artifacts: Pick<Artifacts, 'digest'>,
  { artifact }: Pick<VersionRecord, 'artifact'>,
): Promise<string | null> {
  const { digest } = await artifacts.digest(artifact.uri);
  if (digest === artifact.digest) return null;
  return `${artifact.uri} has digest ${digest.slice(0, 12)}, registered was ${artifact.digest.slice(0, 12)}`;
}
