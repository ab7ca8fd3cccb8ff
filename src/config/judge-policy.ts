import type { JudgePolicy } from '../domain/policy.ts';
import type { EnvironmentConfig } from './environment.ts';

/** The judge's policy of an environment for one plan: it is written into the plan and holds to the rollout's end. */
export function judgePolicy(
  { judge: { historyMs: _, ...judge }, guardrails }: Pick<EnvironmentConfig, 'judge' | 'guardrails'>,
  plan: Pick<JudgePolicy, 'steps' | 'tickMs' | 'history' | 'historyTickMs' | 'disagreement' | 'users'>,
): JudgePolicy {
  return { ...judge, guardrails, ...plan };
}
