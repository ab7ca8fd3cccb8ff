import type { VersionRecord } from '../../domain/registry.ts';
import { isRetired } from '../../domain/registry.ts';
import type { AccountFinding } from '../../ports/account.ts';
import { type Platform, PlatformError } from '../../ports/platform.ts';
import { keyPlace, keysOnReturn } from '../../registry/frozen-keys.ts';

type Variables = Readonly<Record<string, string>>;

/** Versions that a rollback is likely to return to; each costs one call. */
const most = 10;

/**
 * Whether recorded Lambda versions hold API keys of their own, which no revocation reaches. Warns, for such a version
 * serves as well as any: what is at stake is who may call it.
 */
export async function keysCheck(
  platform: Pick<Platform, 'variables'>,
  records: readonly VersionRecord[],
): Promise<Omit<AccountFinding, 'check'>> {
  const today = await variablesOf(platform, '$LATEST');
  const recorded = [...records]
    .filter((record) => record.functionVersion !== undefined && !isRetired(record))
    .sort((a, b) => b.statusAt - a.statusAt)
    .slice(0, most);
  const found = await Promise.all(
    recorded.map(async ({ version, functionVersion = '' }) => {
      const variables = await variablesOf(platform, functionVersion);
      const isFrozen = variables !== undefined && keyPlace(variables).kind === 'frozen';
      return { version, functionVersion, isFrozen, keys: keysOnReturn(variables, today) };
    }),
  );
  const holding = found.filter(({ isFrozen }) => isFrozen);
  const differing = found.find(({ keys }) => keys.kind === 'differ');
  const isDeprecated = today !== undefined && keyPlace(today).kind === 'frozen';
  if (holding.length === 0 && differing === undefined && !isDeprecated)
    return { ok: true, detail: 'no recorded Lambda version holds API keys of its own' };
  const sentences = [
    ...(isDeprecated
      ? ['MLREG_API_KEYS_SHA256 is deprecated: each published version keeps the keys of its day']
      : []),
    ...(holding.length === 0 ? [] : [`API keys are held by ${holding.map(named).join(', ')}`]),
    ...(differing?.keys.kind === 'differ' ? [`${named(differing)} ${differing.keys.why}`] : []),
  ];
  return {
    ok: true,
    warning: true,
    detail: sentences.join('. '),
    mend: isDeprecated
      ? 'list the digests in an SSM parameter and set MLREG_API_KEYS_PARAMETER to its name: docs/security.md, "API keys"'
      : 'mlreg rollback --to VERSION publishes a recorded Lambda version anew with the keys of today; or let mlreg gc retire it',
  };
}

const named = ({ version, functionVersion }: { version: string; functionVersion: string }): string =>
  `Lambda version ${functionVersion} (${version})`;

/** Undefined where there is no such version any more: nothing returns to it. */
async function variablesOf(
  platform: Pick<Platform, 'variables'>,
  functionVersion: string,
): Promise<Variables | undefined> {
  try {
    return await platform.variables(functionVersion);
  } catch (error) {
    if (error instanceof PlatformError && error.failure.kind === 'missing') return undefined;
    throw error;
  }
}
