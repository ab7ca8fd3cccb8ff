import { isRetired, type VersionRecord } from '../domain/registry.ts';
import { type EndpointState, type Platform, PlatformError } from '../ports/platform.ts';
import { nextGeneration } from '../registry/generations.ts';
import { standingOf } from '../registry/known-good.ts';
import type { RolloutPorts } from './ports.ts';

/** Which generation of a version is rolled out. */
export interface Choice {
  readonly record: VersionRecord;
  /** It is not registered yet. */
  readonly isNew: boolean;
  /** Generations whose endpoint failed and never served anybody: taken down first, so that they hold no quota. */
  readonly replaces: readonly VersionRecord[];
}

type Look = 'usable' | 'retired' | 'failed';

/**
 * The newest generation whose endpoint can be used, else a new one: a failed endpoint is replaced and never reused, and the
 * name of a retired one is never used again.
 * @param of the generations that are registered, the newest first, at least one
 * @throws PlatformError where AWS can't be asked, but not where it denies the look: the rollout itself looks again
 */
export async function chooseGeneration(
  { platform, clock }: Pick<RolloutPorts, 'clock'> & { readonly platform: Pick<Platform, 'endpoint'> },
  of: readonly VersionRecord[],
  { by }: { readonly by: string },
): Promise<Choice> {
  const looks: { readonly record: VersionRecord; readonly look: Look }[] = [];
  for (const record of of) looks.push({ record, look: await lookAt(platform, record) });
  const replaces = looks.flatMap(({ record, look }) =>
    look === 'failed' && record.status !== 'champion' && standingOf(record).kind === 'never-served'
      ? [record]
      : [],
  );
  const usable = looks.find(({ look }) => look === 'usable');
  if (usable !== undefined) return { record: usable.record, isNew: false, replaces };
  const [newest] = looks;
  const why =
    newest?.look === 'failed' ? 'the endpoint before it failed' : 'the endpoint before it was retired';
  return { record: nextGeneration(of, { at: clock.now(), by, why }), isNew: true, replaces };
}

async function lookAt(platform: Pick<Platform, 'endpoint'>, record: VersionRecord): Promise<Look> {
  const { endpoint } = record;
  if (isRetired(record)) return 'retired';
  if (endpoint === undefined) return 'usable';
  const found = await unlessDenied(() => platform.endpoint(endpoint.name));
  return found?.kind === 'failed' ? 'failed' : 'usable';
}

async function unlessDenied(look: () => Promise<EndpointState>): Promise<EndpointState | null> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof PlatformError && error.failure.kind === 'denied') return null;
    throw error;
  }
}
