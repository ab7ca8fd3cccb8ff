import type { Effect, Outcome } from '../domain/journal.ts';
import { formatDuration } from '../domain/parse.ts';
import { type Instant, later } from '../domain/units.ts';
import { effectKey } from './after-effect.ts';
import { attempt, type Decision, ended } from './decision.ts';
import { challengerShare, type RolloutState } from './state.ts';

/** SageMaker takes some minutes to create a serverless endpoint, ms. */
const buildWithinMs = 1_800_000;
/** Each look is also a sign of life of the owner. */
const lookAgainMs = 5_000;
const warmWithinMs = 30_000;

/**
 * A champion without an endpoint answers nobody, so users stay where they are until it answers again: it is created anew under
 * its old name, which is what the recorded Lambda version invokes, smoke-tested and warmed.
 * @returns null: nothing has to be built, or all of it is
 */
export function rebuildChampion(state: RolloutState, now: Instant): Decision | null {
  const { rollback, plan, keeps, home } = state;
  const { champion } = plan;
  const endpoint = champion === null ? undefined : state.endpoints[champion];
  if (rollback?.lost === undefined || keeps !== null || champion === null || endpoint === undefined)
    return null;
  if (rollback.home.length > 0 || rollback.labelled) return null;
  const { since, askedAt, ready = false, smoked = false, warmed = false } = rollback.rebuild ?? {};
  const create: Effect = {
    kind: 'ensure-endpoint',
    version: champion,
    endpoint: endpoint.name,
    generation: endpoint.generation,
  };
  const smoke: Effect = { kind: 'smoke', version: champion, through: home.functionVersion };
  const warm: Effect = {
    kind: 'warm-up',
    route: { kind: 'single', version: champion },
    withinMs: warmWithinMs,
  };
  const failed = [create, smoke]
    .map((effect) => state.tries[effectKey(effect)])
    .find((tried) => tried !== undefined && (tried.final || tried.count >= plan.maxTries));
  if (failed !== undefined) return ended(notRebuilt(state, rollback.lost, failed.error));
  if (!ready) {
    if (since !== undefined && now - since >= buildWithinMs && askedAt !== undefined && askedAt > since) {
      const late = `it was not in service after ${formatDuration(buildWithinMs)}`;
      return ended(notRebuilt(state, rollback.lost, late));
    }
    const next = askedAt === undefined ? now : later(askedAt, lookAgainMs);
    // A clock that was set back must not make anybody wait.
    if (askedAt !== undefined && now >= askedAt && now < next)
      return { kind: 'wait', until: next, why: `${endpoint.name} is being created` };
    return attempt(state, create, now, 'roll-back');
  }
  if (!smoked) return attempt(state, smoke, now, 'roll-back');
  // A version that stays cold is slow, which is better than one that fails.
  if (!warmed && state.tries[effectKey(warm)] === undefined) return attempt(state, warm, now, 'roll-back');
  return null;
}

/** Who gets what while a champion without an endpoint is built, for people. */
export function heldText({ plan, ...state }: RolloutState, lost: string): string {
  const share = challengerShare({ plan, ...state });
  const who =
    share === 100
      ? `everybody stays on ${plan.challenger}`
      : `${plan.challenger} keeps ${share} % of the users, and the others get errors`;
  return `${plan.champion ?? 'the champion'} can not answer: ${lost}. It is built again, smoke-tested and warmed first; until then ${who}`;
}

function notRebuilt(state: RolloutState, lost: string, why: string): Outcome {
  const { plan } = state;
  const at = `--environment ${plan.environment}`;
  const share = challengerShare(state);
  const others = share === 100 ? '' : `, and requests to ${plan.champion} fail`;
  return {
    kind: 'stuck',
    sentence:
      `${plan.champion}, to which users return, can not answer: ${lost}, and it could not be built again: ${why}. ` +
      `Nobody was moved: ${plan.challenger} still gets ${share} % of the users${others}`,
    mend: [
      `mlreg rollback ${at}  # tries to build it once more`,
      `mlreg versions ${at}`,
      `mlreg rollback --to VERSION ${at}  # another version that is known good`,
    ],
  };
}
