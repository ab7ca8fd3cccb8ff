import { audienceOf } from '../domain/approvers.ts';
import type { Identity } from '../domain/identity.ts';
import { jobRefusal, runAddress } from '../domain/job-claims.ts';
import type { Request } from '../domain/journal.ts';
import type { Instant } from '../domain/units.ts';
import { currentStep, type RolloutState } from '../engine/state.ts';
import type { JobTokens } from '../ports/job-tokens.ts';

/**
 * A request as its owner believes it: without its token, and with the identity that the token proves. Whoever may write
 * into the inbox may write any name there, so a proof of another's checking is never taken over.
 * @param tokens absent: none is believed
 */
export async function vouched(
  tokens: JobTokens | undefined,
  state: RolloutState,
  posted: Request,
  now: Instant,
): Promise<Request> {
  const { token, ...request } = posted;
  const { identity } = request;
  if (token === undefined && identity?.proof !== 'oidc') return request;
  const claimed: Identity = identity ?? { id: `claim:${request.by}`, proof: 'claim' };
  const unproven = (why: string): Request => ({ ...request, identity: { ...claimed, unproven: why } });
  if (token === undefined) return unproven('it says that GitHub vouches for it, and has no token that would');
  const step = currentStep(state);
  if (request.kind !== 'approve' || step?.kind !== 'approve' || step.approvers === undefined)
    return unproven('nothing was checked');
  const { issuer, repository, workflow } = step.approvers;
  const { model, environment } = state.plan;
  const audience = audienceOf('approve', { model, environment }, state.planHash ?? '');
  if (tokens === undefined)
    return unproven('whoever drives this rollout checks no tokens: update mlreg there');
  const reading = await tokens.verify(token, { issuer, audience }, now);
  if (reading.kind !== 'signed') return unproven(reading.why);
  const { claims } = reading;
  const refusal = jobRefusal(claims, { repository, environment, workflow });
  if (refusal !== null) return unproven(refusal);
  const { arn } = claimed;
  return {
    ...request,
    by: claims.actor,
    identity: {
      id: `github:${claims.actor.toLowerCase()}`,
      proof: 'oidc',
      accountId: claims.actorId,
      run: runAddress(claims, issuer),
      ...(arn === undefined ? {} : { arn }),
    },
  };
}
