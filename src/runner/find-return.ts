import type { Return } from '../domain/plan.ts';
import type { Service, VersionRecord } from '../domain/registry.ts';
import { type EndpointState, type Platform, PlatformError } from '../ports/platform.ts';

/** How a version comes back to users. */
export interface WayBack {
  /** The Lambda version that served it before. Undefined: one has to be published. */
  readonly returnsTo?: Return;
  /** What has to be built before users move, and why. Undefined: nothing. */
  readonly builds?: string;
  /** Its endpoint is made anew, of the artifact as that is now. */
  readonly makesEndpoint?: true;
  readonly endpoint: { readonly name: string; readonly generation: number };
  /** That endpoint is a new generation's. */
  readonly anew?: true;
}

/** Users wait for a rollback: AWS is given no longer than this for an answer, ms. */
const haste = { withinMs: 2_000 };

/** So often at most. One lost answer must not send users to an endpoint that somebody has deleted. */
const asksAtMost = 3;

/**
 * Looks whether the Lambda version that served a model version, and its endpoint, are still there. Only AWS's word that one
 * of them is gone leads to building: where AWS refuses to answer, or does not, the recorded version is used.
 * @param wanted.service how the version last served everybody
 * @param wanted.next the endpoint that its next generation would have
 */
export async function findReturn(
  platform: Pick<Platform, 'endpoint' | 'codeSha256'>,
  {
    record,
    service,
    next,
  }: {
    readonly record: VersionRecord;
    readonly service: Service;
    readonly next: WayBack['endpoint'];
  },
): Promise<WayBack> {
  const { functionVersion, endpoint, routing, codeSha256 } = service;
  const isBuried = endpoint === '' || record.tombstone?.endpoint === endpoint;
  const found = isBuried ? 'missing' : await unlessUnknown(() => platform.endpoint(endpoint, haste));
  const isUnknown = functionVersion === '';
  const version = isUnknown
    ? 'missing'
    : await unlessUnknown(() => platform.codeSha256(functionVersion, haste));
  const isEndpointGone = found === 'missing' || (found !== null && found.kind !== 'in-service');
  const isVersionGone = version === 'missing';
  const returnsTo: Return = {
    functionVersion,
    ...(routing === undefined ? {} : { routing }),
    ...(codeSha256 === undefined ? {} : { codeSha256 }),
  };
  const kept = { name: endpoint, generation: record.endpoint?.generation ?? 1 };
  if (!isVersionGone && !isEndpointGone) return { returnsTo, endpoint: kept };
  const isFailed = found !== null && found !== 'missing' && found.kind === 'failed';
  const what = isBuried ? 'was retired' : `${endpoint} ${stateText(found)}`;
  const builds = [
    ...(isUnknown ? ['no Lambda version is known to serve it alone'] : []),
    ...(isVersionGone && !isUnknown
      ? [`Lambda version ${functionVersion}, which served it, was deleted`]
      : []),
    ...(isEndpointGone ? [`its endpoint ${what}`] : []),
  ].join(', and ');
  if (!isEndpointGone) return { builds, endpoint: kept };
  // Under its old name the endpoint is what the old Lambda version invokes. The name of a retired one is never used again,
  // and a failed one is never reused.
  const fits = !isVersionGone && !isBuried && !isFailed && record.endpoint?.name === endpoint;
  const makes = { builds, makesEndpoint: true } as const;
  return fits ? { ...makes, returnsTo, endpoint: kept } : { ...makes, endpoint: next, anew: true };
}

function stateText(found: EndpointState | 'missing' | null): string {
  if (found === null || found === 'missing' || found.kind === 'absent') return 'is gone';
  if (found.kind === 'failed') return 'failed';
  return found.kind === 'deleting' ? 'is being deleted' : 'is not in service yet';
}

/** AWS's answer, `missing` where it says that there is none, and null where it refuses, or says nothing. */
async function unlessUnknown<T>(ask: () => Promise<T>): Promise<T | 'missing' | null> {
  for (let asked = 1; ; asked++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      const { kind } = error.failure;
      if (kind === 'missing') return kind;
      const mayAnswer = kind === 'unknown' || kind === 'throttled';
      if (!mayAnswer || asked === asksAtMost) return null;
    }
  }
}
