import { thousands } from '../monitor/judge/words.ts';
import type { MetricWord } from './metric-word.ts';
import type { RolloutView } from './view.ts';

/** Whether the challenger is worse, in one sentence: what a person looks at a page for. */
export interface Answer {
  readonly word: 'worse' | 'perhaps worse' | 'no worse so far' | 'too early' | 'unknown' | 'not judged';
  readonly sentence: string;
}

/** Never more than what is proven: `no worse so far` needs every rule to have seen enough. */
export function answerOf({
  state,
  verdict,
  metrics,
}: Pick<RolloutView, 'state' | 'verdict' | 'metrics'>): Answer {
  const { challenger } = state.plan;
  if (verdict === null) return { word: 'not judged', sentence: `nothing of ${challenger} was judged yet` };
  if (verdict.kind === 'unreadable')
    return { word: 'unknown', sentence: `whether ${challenger} is worse is not known: ${verdict.why}` };
  if (verdict.kind === 'fail')
    return { word: 'worse', sentence: `${challenger} is worse: ${verdict.reason.sentence}` };
  const over = metrics.find(
    ({ word, finding }) => word === 'over the limit, not yet proven' && finding.metric !== 'sample-ratio',
  );
  if (over !== undefined)
    return {
      word: 'perhaps worse',
      sentence: `${challenger} may be worse, not yet proven: ${over.finding.sentence}`,
    };
  // Who got how many requests says nothing of how they fared.
  const early = metrics.filter(
    ({ word, finding }) => word === 'too early' && finding.metric !== 'sample-ratio',
  ).length;
  if (early === 0 && metrics.length > 0)
    return {
      word: 'no worse so far',
      sentence: `${challenger} is no worse so far: every rule is within its limit`,
    };
  const need = verdict.kind === 'insufficient' ? verdict.needRequests : null;
  const more = need === null ? '' : `: about ${thousands(need)} more requests are needed`;
  return { word: 'too early', sentence: `too early to say whether ${challenger} is worse${more}` };
}

/** A sign beside each word, so that no colour says anything alone. */
export const signOf: Readonly<Record<MetricWord, string>> = {
  decided: '✖',
  'over the limit, not yet proven': '▲',
  within: '✔',
  'too early': '○',
};
