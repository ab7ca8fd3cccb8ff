import { isRetired, type VersionRecord } from '../domain/registry.ts';
import { unreachable } from '../domain/units.ts';
import { type Platform, PlatformError } from '../ports/platform.ts';
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
  /** Why it could not be looked how its endpoint serves. Undefined: as configured, or it has none yet. */
  readonly unread?: string;
}

type Looking = Pick<Platform, 'endpoint' | 'servingDifferences'>;
type Look =
  | { readonly kind: 'usable'; readonly unread?: string }
  | { readonly kind: 'retired' | 'failed' | 'gone' }
  | { readonly kind: 'differs'; readonly differences: readonly string[] };

/**
 * The newest generation that serves as configured, or has no endpoint yet; else a new one. A failed endpoint is replaced and
 * never reused, and the name of a retired one is never used again.
 * @param of the generations that are registered, the newest first, at least one
 * @throws PlatformError where AWS can't be asked, but not where it denies the look: the rollout itself looks again
 */
export async function chooseGeneration(
  { platform, clock }: Pick<RolloutPorts, 'clock'> & { readonly platform: Looking },
  of: readonly VersionRecord[],
  { by }: { readonly by: string },
): Promise<Choice> {
  const replaces: VersionRecord[] = [];
  let why: string | undefined;
  for (const record of of) {
    const look = await lookAt(platform, record);
    if (look.kind === 'usable') {
      const { unread } = look;
      return { record, isNew: false, replaces, ...(unread === undefined ? {} : { unread }) };
    }
    why ??= whyNew(look);
    const isNobodys = record.status !== 'champion' && standingOf(record).kind === 'never-served';
    if (look.kind === 'failed' && isNobodys) replaces.push(record);
  }
  return { record: nextGeneration(of, { at: clock.now(), by, why: why ?? '' }), isNew: true, replaces };
}

function whyNew(look: Exclude<Look, { readonly kind: 'usable' }>): string {
  switch (look.kind) {
    case 'differs':
      return `the generation before it serves otherwise than configured: ${look.differences.join(', ')}`;
    case 'failed':
      return 'the endpoint before it failed';
    case 'retired':
      return 'the endpoint before it was retired';
    case 'gone':
      return 'the endpoint before it is gone';
    default:
      return unreachable(look);
  }
}

async function lookAt(platform: Looking, record: VersionRecord): Promise<Look> {
  const { endpoint } = record;
  if (isRetired(record)) return { kind: 'retired' };
  if (endpoint === undefined) return { kind: 'usable' };
  // What has served is that content for ever; what has not may still be made, as configured.
  const { kind: standing } = standingOf(record);
  const hasLeft = standing !== 'never-served' && standing !== 'serving';
  const gone: Look = hasLeft ? { kind: 'gone' } : { kind: 'usable' };
  try {
    const { kind } = await platform.endpoint(endpoint.name);
    if (kind === 'failed') return { kind };
    if (kind === 'absent' || kind === 'deleting') return gone;
    const differences = await platform.servingDifferences(endpoint.name);
    return differences.length === 0 ? { kind: 'usable' } : { kind: 'differs', differences };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    if (error.failure.kind === 'missing') return gone;
    if (error.failure.kind === 'denied') return { kind: 'usable', unread: error.message };
    throw error;
  }
}
