import type { Effect, EndpointWarmed } from '../domain/journal.ts';
import type { Platform } from '../ports/platform.ts';
import type { RolloutState } from '../engine/state.ts';
import { growing, warmingRequests } from '../engine/warmth.ts';

/** Sends each endpoint that is about to get more requests as many as its new share needs. @throws PlatformError */
export async function warmEndpoints(
  platform: Pick<Platform, 'load' | 'warmEndpoint'>,
  state: RolloutState,
  { route, withinMs }: Extract<Effect, { kind: 'warm-up' }>,
): Promise<readonly EndpointWarmed[]> {
  const targets = growing(state, route).flatMap((target) => {
    const endpoint = state.endpoints[target.version]?.name;
    return endpoint === undefined ? [] : [{ ...target, endpoint }];
  });
  if (targets.length === 0) return [];
  const load = await platform.load(Object.values(state.endpoints).map(({ name }) => name));
  const warmed: EndpointWarmed[] = [];
  for (const { version, endpoint, present, next } of targets) {
    const requests = warmingRequests(load, present, next);
    const haste = withinMs === undefined ? undefined : { withinMs };
    const { warm, throttled } = await platform.warmEndpoint(endpoint, requests, haste);
    warmed.push({ version, endpoint, requests, warm, ...(throttled ? { throttled: true } : {}) });
  }
  return warmed;
}
