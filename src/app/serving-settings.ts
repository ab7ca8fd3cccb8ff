import type { VersionRecord } from '../domain/registry.ts';
import { PlatformError } from '../ports/platform.ts';
import type { AccountFinding as Finding } from '../ports/account.ts';
import { armOf } from '../domain/arm.ts';
import type { Session } from './session.ts';

/** In what a version does not serve as configured, by name; empty where it does, or where that can't be looked at. */
export async function servedOtherwise(
  { connection }: Session,
  record: VersionRecord | null,
): Promise<readonly string[]> {
  // The configuration of an adopted endpoint has a name of its own, and its settings are not mlreg's.
  if (record?.endpoint === undefined || record.adopted === true) return [];
  try {
    return await connection.platform.servingDifferences(record.endpoint.name);
  } catch (error) {
    if (error instanceof PlatformError) return [];
    throw error;
  }
}

/** For doctor: nothing is wrong with settings that wait for their rollout. @throws PlatformError */
export async function servingCheck(
  { config, connection }: Session,
  champion: VersionRecord,
): Promise<Omit<Finding, 'check'>> {
  const { endpoint, version } = champion;
  if (champion.adopted === true)
    return { ok: true, detail: `${version} was adopted: its endpoint ${endpoint?.name} is not mlreg's own` };
  const differences =
    endpoint === undefined ? [] : await connection.platform.servingDifferences(endpoint.name);
  if (differences.length === 0) return { ok: true, detail: `${version} serves as configured` };
  return {
    ok: true,
    warning: true,
    detail: otherwiseText(version, differences),
    mend: rolloutOf(champion, config.name),
  };
}

export const otherwiseText = (version: string, differences: readonly string[]): string =>
  `${version} serves otherwise than configured: ${differences.join(', ')}`;

/** Which command puts the configured settings on trial. */
export const rolloutOf = ({ version }: VersionRecord, environment: string): string =>
  `mlreg deploy --model-version ${armOf(version).version} --environment ${environment}`;
