import type { Plan, ReturnWarmth } from '../../domain/plan.ts';
import { PlatformError } from '../../ports/platform.ts';
import { environmentsFor } from '../../engine/warmth.ts';
import type { Endpoints } from './earlier-period.ts';
import type { Session } from '../session.ts';

/**
 * What will keep the way back of this plan warm, and what that costs. Undefined where there is none, or nobody leaves it.
 */
export async function returnWarmth(
  { config, connection }: Session,
  { champion, strategy }: Plan,
  endpoints: Endpoints,
): Promise<ReturnWarmth | undefined> {
  const endpoint = champion === null ? undefined : endpoints[champion]?.name;
  if (endpoint === undefined || strategy === 'shadow') return undefined;
  const { provisionedConcurrency, keepWarmMs } = config.sagemaker;
  if (provisionedConcurrency !== null) return { kind: 'provisioned', environments: provisionedConcurrency };
  if (keepWarmMs === null) return { kind: 'none' };
  return {
    kind: 'requests',
    everyMs: keepWarmMs,
    requests: await requestsAtOnce({ config, connection }, endpoint),
    afterMs: connection.controller === null ? 0 : config.keepPreviousMs,
  };
}

async function requestsAtOnce(
  { config, connection }: Pick<Session, 'config' | 'connection'>,
  endpoint: string,
): Promise<number> {
  try {
    return environmentsFor(await connection.platform.load([endpoint]), 1);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    // The plan names what it may come to at most.
    return config.sagemaker.maxConcurrency;
  }
}
