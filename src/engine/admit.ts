import type { Request } from '../domain/journal.ts';
import { approvedPercent } from '../domain/plan.ts';
import { type Instant, unreachable } from '../domain/units.ts';
import { type Answer, approval } from './approvals.ts';
import { isHeldForBreach } from './held-for-breach.ts';
import { shutOut } from './hold-for-window.ts';
import { challengerShare, currentStep, type RolloutState } from './state.ts';

/** Whether the owner does what another terminal asks. Pure. */
export function admit(state: RolloutState, request: Request, now: Instant): Answer {
  const yes = (answer: string): Answer => ({ accepted: true, answer });
  const no = (answer: string): Answer => ({ accepted: false, answer });
  if (state.phase !== 'forward') {
    return no(
      state.phase === 'rolling-back'
        ? 'the rollout is rolling back'
        : 'the rollout has ended; start again with mlreg deploy',
    );
  }
  const step = currentStep(state);
  switch (request.kind) {
    case 'pause':
      if (state.plan.strategy === 'watch')
        return no('a watch moves nothing that could be paused; end it with mlreg abort');
      if (state.committed)
        return no(`${state.plan.challenger} is champion already; the rollout is all but over`);
      return state.pausedAt === null ? yes('paused; judging goes on') : yes('was paused already');
    case 'resume':
      return state.pausedAt === null ? yes('was not paused') : yes('goes on');
    case 'approve':
      return step?.kind === 'approve'
        ? approval(state, step, request, now)
        : no('nothing waits for approval');
    case 'reject':
      return step?.kind === 'approve'
        ? yes('rejected')
        : no('nothing waits for approval; end the rollout with mlreg abort');
    case 'promote': {
      const shut = request.reason.trim() === '' && step !== undefined ? shutOut(state, now) : null;
      if (shut !== null && !state.committed)
        return no(`${shut}; going on all the same needs a reason: mlreg promote --reason WHY`);
      if (step?.kind === 'warm-up' && isWaived(state, request, now))
        return yes('goes on outside the deploy window');
      if (isHeldForBreach(state))
        return request.reason.trim() === ''
          ? no('it is held for a breach; going on all the same needs a reason: mlreg promote --reason WHY')
          : yes(`goes on in spite of a breach: ${state.breach.sentence}`);
      if (step?.kind === 'bake' && state.plan.strategy === 'watch') return yes('ends the watch');
      if (step?.kind === 'bake' && state.plan.strategy === 'shadow')
        return yes('ends the shadow; nothing is promoted');
      if (step?.kind === 'bake') return yes(request.full ? 'promotes now' : 'goes on to the next step');
      if (step?.kind === 'approve') return no('waits for approval: mlreg approve');
      return no(`there is no bake to end now (step: ${step?.kind ?? 'the end'}); try again in a moment`);
    }
    case 'traffic': {
      if (state.plan.strategy === 'watch') return no('a watch moves no traffic; go back with mlreg rollback');
      if (state.plan.strategy === 'shadow')
        return no('a shadow moves no traffic: the champion answers everybody');
      if (state.plan.champion === null) return no('a first deploy has no shares: everybody goes at once');
      if (isHeldForBreach(state))
        return no(
          'it is held for a breach: mlreg abort, or mlreg promote --reason WHY to go on all the same',
        );
      if (step?.kind !== 'bake') {
        return no(
          `a share can be moved while it bakes (step now: ${step?.kind ?? 'the end'}); try again in a moment`,
        );
      }
      // Behind the swap everybody is with the challenger already.
      const most = state.serving === state.plan.alias ? approvedPercent(state.plan) : 100;
      if (request.percent > most) {
        return no(
          `${request.percent} % is more than the ${most} % of the plan; a larger share needs a new rollout`,
        );
      }
      const shut =
        request.reason.trim() === '' && request.percent > challengerShare(state) ? shutOut(state, now) : null;
      if (shut !== null)
        return no(`${shut}; a larger share needs a reason: mlreg traffic ${request.percent} --reason WHY`);
      return yes(`moves to ${request.percent} %`);
    }
    default:
      return unreachable(request);
  }
}

/** Whether the deploy window alone held it, and the request has a reason to go on. */
const isWaived = (state: RolloutState, { reason }: Request, now: Instant): boolean =>
  reason.trim() !== '' && shutOut(state, now) !== null;
