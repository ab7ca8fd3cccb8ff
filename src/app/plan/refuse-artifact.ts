import { refuseMistakesIn } from '../../config/index.ts';
import type { VersionRecord } from '../../domain/registry.ts';
import { UserError } from '../../domain/user-error.ts';
import { PlatformError } from '../../ports/platform.ts';
import { knownGood } from '../../registry/known-good.ts';
import type { WayBack } from '../../runner/find-return.ts';
import { otherArtifact } from '../../runner/registered-artifact.ts';
import type { Session } from '../session.ts';

/** @throws UserError usage, where these bytes are not the version that would be deployed */
export async function refuseOtherArtifact({ connection }: Session, record: VersionRecord): Promise<void> {
  const why = await otherArtifact(connection.artifacts, record);
  if (why === null) return;
  throw new UserError('usage', `the artifact of ${record.version} is not the one that was registered`, {
    why,
    mend: `register the new artifact under a version of its own: mlreg register VERSION --artifact ${record.artifact.uri}`,
  });
}

/**
 * A rollback has no trial: an endpoint that it makes anew must hold the very bytes that served before, and nothing is built of
 * what can't be read.
 * @throws UserError usage
 */
export async function refuseToBuild(
  { config, connection }: Session,
  wanted: VersionRecord,
  { builds, makesEndpoint }: Pick<WayBack, 'builds' | 'makesEndpoint'>,
): Promise<void> {
  if (builds === undefined) return;
  const anew = `${wanted.version} has to be built anew: ${builds}`;
  refuseMistakesIn(config, ['sagemaker', 'requests'], `${anew}; that`);
  if (makesEndpoint !== true) return;
  let what = `the artifact of ${wanted.version} is not the one that was registered`;
  let why: string | null;
  try {
    why = await otherArtifact(connection.artifacts, wanted);
  } catch (error) {
    if (!(error instanceof PlatformError || error instanceof UserError)) throw error;
    what = `the artifact of ${wanted.version} can't be compared with the one that was registered`;
    why = error.message;
  }
  if (why === null) return;
  const others = knownGood(await connection.store.versions()).filter(
    ({ version, status }) => version !== wanted.version && status !== 'champion',
  );
  throw new UserError('usage', `${what}; nothing was built`, {
    why: `${anew}; ${why}`,
    mend: [
      ...others.map(({ version }) => `mlreg rollback --to ${version} --environment ${config.name}`),
      `or put the registered artifact back at ${wanted.artifact.uri}, then mlreg rollback --to ${wanted.version} --environment ${config.name}`,
    ],
  });
}
