import type { Request } from '../domain/journal.ts';
import { type Instant, unreachable } from '../domain/units.ts';
import { currentStep, type RolloutState } from './state.ts';

const isBaking = (state: RolloutState): boolean => currentStep(state)?.kind === 'bake';

/** What an accepted request of a person changes. */
export function afterRequest(
  state: RolloutState,
  request: Request,
  accepted: boolean,
  at: Instant,
): RolloutState {
  if (!accepted) return state;
  switch (request.kind) {
    case 'pause':
      return {
        ...state,
        pausedAt: state.pausedAt ?? at,
        pausedBy: state.pausedBy ?? { name: request.by, reason: request.reason },
      };
    case 'resume':
      return state.pausedAt === null
        ? state
        : {
            ...state,
            pausedAt: null,
            pausedBy: null,
            pausedMs: state.pausedMs + Math.max(0, at - Math.max(state.pausedAt, state.stepSince)),
          };
    case 'approve':
      return {
        ...state,
        approvals: [...state.approvals, { name: request.by, identity: request.identity, at }],
      };
    case 'reject':
      return { ...state, rejectedBy: request.by };
    case 'promote': {
      const { breach } = state;
      return {
        ...waived(state, request, at),
        // A breach may be seen between two bakes: there is none to end, and the next one is a bake like any other.
        promoteAsked: request.full ? 'full' : breach === null || isBaking(state) ? 'step' : null,
        pausedAt: null,
        pausedBy: null,
        ...(breach === null
          ? {}
          : {
              breach: {
                ...breach,
                dismissedBy: request.by,
                accepted:
                  breach.dismissedBy === null ? [...breach.accepted, breach.finding] : breach.accepted,
              },
              heldSince: null,
              heldWhy: '',
            }),
      };
    }
    case 'traffic':
      return { ...waived(state, request, at), override: { percent: request.percent, step: state.step, at } };
    default:
      return unreachable(request);
  }
}

/** A reason to go on counts for the deploy window too. */
const waived = (state: RolloutState, { reason }: Request, at: Instant): RolloutState =>
  state.plan.windows === undefined || reason.trim() === '' ? state : { ...state, windowWaivedAt: at };
