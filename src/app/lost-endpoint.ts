import type { VersionRecord } from '../domain/registry.ts';
import { UserError } from '../domain/user-error.ts';
import { previousGood } from '../registry/known-good.ts';
import { PlatformError } from '../ports/platform.ts';
import type { Session } from './session.ts';

const haste = { withinMs: 2_000 };

/**
 * Whether nothing answers for a version that serves. Where AWS does not say so, its endpoint is taken to be there.
 * @returns `endpoint recommendation-dev-v2 is gone`; null: it is there, or on its way
 */
export async function lostEndpoint(
  { connection: { platform } }: Session,
  { endpoint }: VersionRecord,
): Promise<string | null> {
  if (endpoint === undefined) return null;
  try {
    const { kind } = await platform.endpoint(endpoint.name, haste);
    if (kind === 'in-service' || kind === 'creating') return null;
    return `endpoint ${endpoint.name} ${kind === 'failed' ? 'has failed' : kind === 'absent' ? 'is gone' : 'is being deleted'}`;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return error.failure.kind === 'missing' ? `endpoint ${endpoint.name} is gone` : null;
  }
}

/** Who asks for what serves already is told where nothing answers for it. @throws UserError conflict */
export async function refuseLostEndpoint(at: Session, record: VersionRecord): Promise<void> {
  const lost = await lostEndpoint(at, record);
  if (lost === null) return;
  const { name } = at.config;
  const before = previousGood(await at.connection.store.versions());
  throw new UserError('conflict', `${record.version} serves ${name}, but its ${lost}`, {
    why: 'its users get errors',
    mend: [
      `mlreg rollback --to ${record.version} --environment ${name}  # builds its endpoint again`,
      ...(before === undefined
        ? []
        : [`mlreg rollback --to ${before.version} --environment ${name}  # known good before it`]),
      `mlreg deploy --model-version OTHER --environment ${name}`,
    ],
  });
}
