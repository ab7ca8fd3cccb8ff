import type { AnswerContract } from '../../domain/answer-contract.ts';
import type { RequestCount } from '../../domain/observation.ts';
import type { Session, Caller } from '../session.ts';
import type { EarlierPeriod } from './earlier-period.ts';
import { demand, understood } from '../router-code.ts';

/** So few answers tell nothing. */
const fewestAnswers = 10;
/** Of the champion's answers, so that one odd caller does not do away with the check. */
const mostOthers = 0.001;

/**
 * What answers must hold in the rollout, fixed by the plan, so that both arms are held to the same. Undefined: anything.
 * @param sharesRouter both versions are answered through one router, which so can learn what the plan does not know
 * @throws UserError where mlreg.yaml demands something that the router can't check
 */
export async function answerContract(
  context: Caller,
  at: Session,
  earlier: EarlierPeriod | null,
  { sharesRouter }: { readonly sharesRouter: boolean },
): Promise<AnswerContract | undefined> {
  const { name, responses } = at.config;
  const { json, contract } = responses;
  const isDemanded = json === 'required' || Object.keys(contract).length > 0;
  if (isDemanded)
    await demand(context, at, 'answers-1', {
      what: 'what answers must hold (responses in mlreg.yaml)',
      without: `or take responses out of environments.${name}`,
    });
  if (json === 'required') return { json: 'always', ...contract };
  const like = json === 'auto' ? likeChampion(earlier?.json ?? null, sharesRouter) : undefined;
  if (like === undefined) return isDemanded ? contract : undefined;
  // Nobody asked for it, so an older router goes without.
  const isUnderstood = isDemanded || (await understood(context, at))?.includes('answers-1') === true;
  return isUnderstood ? { json: like, ...contract } : undefined;
}

function likeChampion(answers: RequestCount | null, sharesRouter: boolean): 'asked' | 'seen' | undefined {
  if (answers === null || answers.requests < fewestAnswers) return sharesRouter ? 'seen' : undefined;
  return answers.errors <= mostOthers * answers.requests ? 'asked' : undefined;
}
