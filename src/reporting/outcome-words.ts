import type { Outcome } from '../domain/journal.ts';
import { unreachable } from '../domain/units.ts';
import { challengerShare, type RolloutState } from '../engine/state.ts';
import { restoredWords } from '../view/rebuilt.ts';
import { failedIn, shortVerdict } from './evidence.ts';
import { causeWords } from './plain-lines.ts';

/** How a rollout fares, as the title of a page: `v2.3.0` and then these words. */
export function titleOf(state: RolloutState): {
  readonly mark: string;
  readonly words: string;
  readonly level: 'good' | 'bad' | 'warn';
} {
  const { outcome, plan } = state;
  if (outcome === null)
    return { mark: '⏳', words: `not over, at ${challengerShare(state)} %`, level: 'warn' };
  switch (outcome.kind) {
    case 'succeeded': {
      if (plan.strategy === 'watch') return { mark: '✅', words: 'was watched to the end', level: 'good' };
      if (plan.strategy !== 'shadow') return { mark: '✅', words: 'serves 100 %', level: 'good' };
      return plan.policy.disagreement === undefined
        ? { mark: '▫️', words: 'ran in shadow to the end, answers not judged', level: 'warn' }
        : { mark: '✅', words: 'passed in shadow', level: 'good' };
    }
    case 'rolled-back': {
      const { kind } = outcome.cause;
      return { mark: kind === 'abort' ? '⏹️' : '❌', words: causeWords[kind], level: 'bad' };
    }
    case 'stuck':
      return { mark: '🚨', words: 'is stuck: a person must look', level: 'bad' };
    case 'restored':
      return { mark: '♻️', words: restoredWords(state, outcome), level: 'warn' };
    default:
      return unreachable(outcome);
  }
}

/** Why it went back, with both sides' numbers where a verdict said so. */
export function whyBack(
  { lastVerdict, observations }: RolloutState,
  { cause }: Extract<Outcome, { kind: 'rolled-back' }>,
): string {
  return cause.kind === 'verdict' && lastVerdict?.kind === 'fail'
    ? shortVerdict(lastVerdict, { action: 'roll back', failed: failedIn(observations) })
    : cause.sentence;
}
