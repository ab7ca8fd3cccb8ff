import type { Finding } from '../../../domain/verdict.ts';
import { digits, msText, percentText } from '../words.ts';
import type { GateAnswer } from './gate-test.ts';

/** `p = 0.31`. */
function pText(answer: Exclude<GateAnswer, { readonly by: 'no-gate' | 'closed' }>): string {
  switch (answer.by) {
    case 'buckets':
      return `p = ${number(answer.p)}`;
    case 'strata':
      return `p = ${number(answer.p)} over ${answer.strata} strata of users, for ${answer.why}`;
  }
}

const number = (p: number): string => String(Number(p.toPrecision(2)));

/** After a finding's own sentence, where it rolls back. */
export function openedText(answer: GateAnswer): string {
  switch (answer.by) {
    case 'buckets':
      return `not explained by which users it got, p = ${number(answer.p)} over ${answer.buckets} user buckets`;
    case 'strata':
      return `not explained by which users it got, ${pText(answer)}`;
    case 'no-gate':
    case 'closed':
      return `which users it got is not known: ${answer.why}`;
  }
}

/** Before the full stop of the sentence, or the counts in brackets at its end, where it has some. */
export const withReason = (sentence: string, reason: string): string =>
  sentence.replace(/( \([^()]*\)|\.)?$/, `; ${reason}$1`);

/** A finding that does not roll back, and what is known of its users. */
export function deferredText(finding: Finding, answer: GateAnswer | undefined, explained: boolean): string {
  const figures = figuresText(finding);
  if (answer === undefined) return `${figures}; counts by user are being read`;
  if (answer.by === 'no-gate' || answer.by === 'closed')
    return `${figures}; which users it got is not known: ${answer.why}`;
  return `${figures}; ${explained ? 'explained by' : 'perhaps explained by'} which users it got (${pText(answer)})`;
}

/** `challenger 1.9 % errors against 1.2 %`. */
function figuresText({ metric, rule, unit, champion, challenger, limit }: Finding): string {
  const text = (value: number | null): string => {
    if (value === null) return 'an unknown number';
    if (unit === 'share') return percentText(value);
    return unit === 'ms' ? msText(value) : digits(value);
  };
  const [name = ''] = rule.split(' ');
  const what =
    metric === 'latency'
      ? `challenger ${name} latency ${text(challenger)}`
      : metric === 'endpoint-errors'
        ? `challenger ${text(challenger)} endpoint errors`
        : metric === 'refusals'
          ? `challenger ${text(challenger)} requests refused by the model`
          : `challenger ${text(challenger)} errors`;
  const beside = champion === null ? '' : ` against ${text(champion)}`;
  return `${what}${beside}${limit === null ? '' : `, limit ${text(limit)}`}`;
}
