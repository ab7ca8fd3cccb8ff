import type { MetricName } from '../../domain/verdict.ts';
import { digits, msText, percentText, requestsText } from '../../monitor/judge/words.ts';
import type { Difference } from '../../view/differences.ts';
import type { MetricWord } from '../../view/metric-word.ts';
import type { TracePoint } from '../../view/trace.ts';
import type { MetricView, RolloutView } from '../../view/view.ts';
import type { Plot, Point } from './plot.ts';
import {
  absoluteTile,
  colour,
  differenceTile,
  type Frame,
  intervalText,
  rangeTo,
  type Tile,
} from './tile-plots.ts';

/** The deciding metric first; one without data is left out. */
export function tilesOf(view: RolloutView, points: readonly TracePoint[], frame: Frame): readonly Tile[] {
  const tiles = [errorTile, latencyTile, answerTile].flatMap((make) => make(view, points, frame) ?? []);
  return tiles.toSorted((a, b) => rank(a.word) - rank(b.word));
}

const rank = (word: MetricWord | null): number =>
  word === 'decided' ? 0 : word === 'over the limit, not yet proven' ? 1 : 2;

const failures: ReadonlySet<MetricName> = new Set(['errors', 'endpoint-errors', 'throttles']);

const points100 = (share: number): string => `${signed(share * 100)} pt`;
const signed = (value: number): string =>
  `${value > 0 ? '+' : value < 0 ? '−' : ''}${digits(Math.abs(value))}`;
const signedMs = (ms: number): string => `${signed(ms)} ms`;

function errorTile(view: RolloutView, points: readonly TracePoint[], frame: Frame): Tile | null {
  const { arms, metrics } = view;
  const judged = metrics.filter(({ finding }) => failures.has(finding.metric));
  const arm = ({ failed, requests }: typeof arms.champion): string =>
    requests === 0 ? 'no requests' : `${percentText(failed / requests)} of ${requestsText(requests)}`;
  const common = {
    title: 'Failed requests',
    word: worst(judged),
    arms: `challenger ${arm(arms.challenger)}, champion ${arm(arms.champion)}`,
  };
  const columns: Plot['columns'] = [
    column(points, 'challenger', ({ challenger }) => shareText(challenger.errors)),
    column(points, 'champion', ({ champion }) => shareText(champion.errors)),
    column(points, 'difference so far', ({ errors }) => differenceText(errors, points100)),
  ];
  // Throttled requests have a limit of their own.
  const shares = judged.filter(({ finding }) => finding.unit === 'share' && finding.metric === 'errors');
  if (points.some(({ errors }) => errors.value !== null))
    return differenceTile(common, {
      ...frame,
      id: 'errors',
      of: 'failed requests, in percentage points',
      points,
      difference: ({ errors }) => errors,
      format: points100,
      columns,
      // The least span that a person can tell apart from noise.
      least: 0.005,
      limits: shares.flatMap(({ finding, allowed }) =>
        allowed === null || finding.champion === null
          ? []
          : [
              {
                name:
                  finding.limit === null
                    ? `tolerated ${points100(allowed - finding.champion)}`
                    : `limit ${percentText(allowed)}`,
                value: allowed - finding.champion,
              },
            ],
      ),
    });
  return absoluteTile(common, {
    ...frame,
    id: 'errors',
    of: 'failed requests',
    points,
    value: (arm) => arm.errors,
    format: percentText,
    columns: columns.slice(0, 2),
    least: 0.01,
    limits: shares.flatMap(({ finding: { limit } }) =>
      limit === null ? [] : [{ name: `limit ${percentText(limit)}`, value: limit }],
    ),
  });
}

function latencyTile(view: RolloutView, points: readonly TracePoint[], frame: Frame): Tile | null {
  const { arms, metrics, state } = view;
  const judged = metrics.filter(({ finding }) => finding.metric === 'latency');
  const hasP95 = arms.challenger.p95 !== null;
  const arm = ({ p95, meanMs }: typeof arms.champion): string => {
    const ms = hasP95 ? p95 : meanMs;
    return ms === null ? 'not timed' : msText(ms);
  };
  const name = hasP95 ? 'p95' : 'mean';
  const common = {
    title: hasP95 ? 'Latency, 95th percentile' : 'Latency, mean',
    word: worst(judged),
    arms: `challenger ${arm(arms.challenger)}, champion ${arm(arms.champion)}`,
  };
  const columns: Plot['columns'] = [
    column(points, `challenger ${name}`, ({ challenger }) => msOrNone(challenger.p95)),
    column(points, `champion ${name}`, ({ champion }) => msOrNone(champion.p95)),
    column(points, 'difference so far', ({ p95 }) => differenceText(p95, signedMs)),
  ];
  const { slower } = state.plan.policy.rollbackMargin;
  if (points.some(({ p95 }) => p95.value !== null)) {
    const p95 = arms.champion.p95 ?? 0;
    return differenceTile(common, {
      ...frame,
      id: 'latency',
      of: 'the 95th percentile of latency, in milliseconds',
      points,
      difference: (point) => point.p95,
      format: signedMs,
      columns,
      least: 1,
      limits: [{ name: `tolerated ${signed(100 * slower)} %`, value: p95 * slower }],
    });
  }
  return absoluteTile(common, {
    ...frame,
    id: 'latency',
    of: `the ${name} of latency`,
    points,
    value: (arm) => arm.p95,
    format: msText,
    columns: columns.slice(0, 2),
    least: 1,
    limits: [],
  });
}

function answerTile(view: RolloutView, points: readonly TracePoint[], frame: Frame): Tile | null {
  const compared = points.filter(({ disagreed }) => disagreed !== null);
  if (compared.length === 0) return null;
  const judged = view.metrics.filter(({ finding }) => finding.metric === 'disagreement');
  const allowed = judged[0]?.allowed ?? null;
  const line: readonly Point[] = points.map(({ at, disagreed }) => ({ at, value: disagreed }));
  const last = judged[0]?.finding.challenger ?? compared.at(-1)?.disagreed ?? 0;
  const limits = allowed === null ? [] : [{ name: `limit ${percentText(allowed)}`, value: allowed }];
  return {
    title: 'Answers that differ',
    word: worst(judged),
    figure: percentText(last),
    detail: allowed === null ? 'not judged' : `limit ${percentText(allowed)}`,
    arms: 'each request was answered by both versions',
    plot: {
      ...frame,
      id: 'answers',
      says: 'Share of compared answers in which the versions differ, over time',
      lines: [{ name: '', look: colour(worst(judged)), shape: 'line', points: line }],
      limits,
      range: [
        0,
        rangeTo([...line.map(({ value }) => value ?? 0), ...limits.map(({ value }) => value)], 0.01),
      ],
      format: percentText,
      columns: [column(points, 'differ', ({ disagreed }) => shareText(disagreed))],
      times: points.map(({ at }) => at),
    },
  };
}

const order: readonly MetricWord[] = ['decided', 'over the limit, not yet proven', 'too early', 'within'];

/** Of several rules the worst word, for a good one would hide it. */
const worst = (metrics: readonly MetricView[]): MetricWord | null =>
  order.find((word) => metrics.some((metric) => metric.word === word)) ?? null;

function column(
  points: readonly TracePoint[],
  name: string,
  text: (point: TracePoint) => string,
): Plot['columns'][number] {
  const texts = new Map(points.map((point) => [point.at, text(point)]));
  return { name, at: (time) => texts.get(time) ?? '–' };
}

const shareText = (share: number | null): string => (share === null ? '–' : percentText(share));
const msOrNone = (ms: number | null): string => (ms === null ? '–' : msText(ms));

function differenceText({ value, interval }: Difference, format: (value: number) => string): string {
  if (value === null) return '–';
  return `${format(value)}${interval === null ? '' : ` (${intervalText({ value, interval }, format)})`}`;
}
