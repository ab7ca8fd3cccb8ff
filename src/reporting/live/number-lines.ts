import type { ChalkInstance } from 'chalk';
import { digits, msText, percentText, thousands } from '../../monitor/judge/words.ts';
import type { MetricWord } from '../../view/metric-word.ts';
import type { MetricView, RolloutView } from '../../view/view.ts';
import { valueText } from '../../view/finding-value.ts';
import { padLeft, padTo } from '../width.ts';
import type { Signs } from './signs.ts';

interface NumberRow {
  readonly name: string;
  readonly champion: string;
  readonly challenger: string;
  readonly difference: string;
  readonly limit: string;
  readonly spark: readonly (number | null)[];
  readonly word: MetricWord | null;
}

/** Both arms' numbers, how far they lie apart, and the word of each metric. */
export function numberLines(
  view: RolloutView,
  columns: number,
  paint: ChalkInstance,
  signs: Signs,
): readonly string[] {
  const rows = numberRows(view, signs);
  if (rows.length === 0) return [];
  const hasSpark = columns >= 80;
  const hasDifference = columns >= 70;
  const line = (cells: readonly string[], spark: string, word: string): string =>
    [
      padTo(cells[0] ?? '', 9),
      padLeft(cells[1] ?? '', 9),
      padLeft(cells[2] ?? '', 10),
      ...(hasDifference ? [padLeft(cells[3] ?? '', 17)] : []),
      padLeft(cells[4] ?? '', 7),
      ...(hasSpark ? [padTo(spark, 12)] : []),
      word,
    ]
      .join(' ')
      .trimEnd();
  const head = line(['', 'champion', 'challenger', 'difference (95 %)', 'limit'], 'last 15 min', '');
  const others = columns >= 120 ? ruleLines(view, paint) : [];
  return [
    paint.dim(head),
    ...rows.map(({ name, champion, challenger, difference, limit, spark, word }) =>
      line(
        [name, champion, challenger, difference, limit],
        sparkline(spark, signs),
        word === null ? '' : painted(shortWord(word, columns), paint, word),
      ),
    ),
    ...others,
  ];
}

/** `over the limit, not yet proven` has no room beside a sparkline. */
const shortWord = (word: MetricWord, columns: number): string =>
  columns < 120 && word === 'over the limit, not yet proven' ? 'over limit' : word;

function numberRows(
  { arms, difference, metrics, recent, state }: RolloutView,
  signs: Signs,
): readonly NumberRow[] {
  const { champion, challenger } = arms;
  if (champion.requests + challenger.requests === 0) return [];
  const rate = ({ failed, requests }: typeof champion): string =>
    requests === 0 ? signs.none : `${((100 * failed) / requests).toFixed(2)} %`;
  const time = (ms: number | null): string => (ms === null ? signs.none : msText(ms));
  const { errorRate } = state.plan.policy.guardrails;
  const { slower } = state.plan.policy.rollbackMargin;
  const errors = difference.errors;
  const p95 = difference.p95;
  const points = (share: number): string => `${share >= 0 ? '+' : '-'}${digits(Math.abs(share) * 100)}`;
  const signed = (ms: number): string => `${ms >= 0 ? '+' : '-'}${digits(Math.abs(ms))}`;
  const row = (name: string, over: Partial<NumberRow>): NumberRow => ({
    name,
    champion: '',
    challenger: '',
    difference: '',
    limit: '',
    spark: [],
    word: null,
    ...over,
  });
  const rows = [
    row('requests', {
      champion: thousands(champion.requests),
      challenger: thousands(challenger.requests),
      spark: recent.map(({ requests }) => requests),
    }),
    row('errors', {
      champion: rate(champion),
      challenger: rate(challenger),
      difference: errors === null ? '' : `${points(errors.low)} to ${points(errors.high)} pt`,
      limit: errorRate === null ? '' : percentText(errorRate),
      spark: recent.map((one) => one.errors),
      word: worstWord(metrics, 'errors'),
    }),
  ];
  if (champion.p95 === null && challenger.p95 === null) {
    if (challenger.meanMs !== null)
      rows.push(
        row('mean', {
          champion: time(champion.meanMs),
          challenger: time(challenger.meanMs),
          word: worstWord(metrics, 'latency'),
        }),
      );
    return rows;
  }
  const isKnown = p95 !== null && Number.isFinite(p95.low) && Number.isFinite(p95.high);
  return [
    ...rows,
    row('p50', {
      champion: time(champion.p50),
      challenger: time(challenger.p50),
      spark: recent.map((one) => one.p50),
    }),
    row('p95', {
      champion: time(champion.p95),
      challenger: time(challenger.p95),
      difference: isKnown ? `${signed(p95.low)} to ${signed(p95.high)} ms` : '',
      limit: `+${digits(slower * 100)} %`,
      spark: recent.map((one) => one.p95),
      word: worstWord(metrics, 'latency'),
    }),
  ];
}

const order: readonly MetricWord[] = ['decided', 'over the limit, not yet proven', 'too early', 'within'];

/** Of all rules on a metric the word that matters most; null where none looks at it. */
function worstWord(metrics: readonly MetricView[], metric: string): MetricWord | null {
  const words = metrics.filter(({ finding }) => finding.metric === metric).map(({ word }) => word);
  return order.find((word) => words.includes(word)) ?? null;
}

/** From 120 columns on: every rule with its numbers. */
function ruleLines({ metrics }: RolloutView, paint: ChalkInstance): readonly string[] {
  if (metrics.length === 0) return [];
  return [
    paint.dim('rules'),
    ...metrics.map(
      (metric) =>
        `  ${padTo(metric.finding.rule, 40)} ${padTo(painted(metric.word, paint), 32)} ${figures(metric)}`,
    ),
  ];
}

export const ruleText = (metric: MetricView): string =>
  `${metric.finding.rule}: ${metric.word}, ${figures(metric)}`;

function figures({ finding, allowed }: MetricView): string {
  const value = (number: number | null): string =>
    number === null ? 'no number' : valueText(finding, number);
  const limit = allowed === null ? '' : `, allowed ${value(allowed)}`;
  return `${value(finding.challenger)}, champion ${value(finding.champion)}${limit}`;
}

export function painted(text: string, paint: ChalkInstance, word: string = text): string {
  if (word === 'decided') return paint.red.bold(text);
  if (word === 'within') return paint.green(text);
  return word === 'too early' ? paint.dim(text) : paint.yellow(text);
}

function sparkline(values: readonly (number | null)[], { spark, none }: Signs): string {
  const most = Math.max(...values.map((value) => (value !== null && Number.isFinite(value) ? value : 0)));
  return values
    .map((value) => {
      if (value === null) return none;
      if (most === 0) return spark[0] ?? '';
      return (
        spark[Math.min(spark.length - 1, Math.floor((Math.min(value, most) / most) * (spark.length - 1)))] ??
        ''
      );
    })
    .join('');
}
