import type { Entry } from '../../domain/journal.ts';
import { digits, msText, percentText } from '../../monitor/judge/words.ts';
import type { RolloutState } from '../../engine/state.ts';
import { type Chart, chartMarkup, type Line, type Point } from './chart.ts';
import { html, type Markup } from './html.ts';
import { type Arms, seriesOf } from './series.ts';

/** Share, errors, latency and evidence over the same time; one without data is left out. */
export function rolloutCharts(
  state: RolloutState,
  entries: readonly Entry[],
  until: number,
  marks: Chart['marks'],
): Markup {
  const { plan } = state;
  const end = Math.max(state.endedAt ?? until, entries.at(-1)?.at ?? 0);
  const series = seriesOf(state, entries, end);
  const common = { span: [state.startedAt, Math.max(end, state.startedAt + 1)] as const, marks };
  const arms = ({ champion, challenger }: Arms): readonly Line[] => [
    { name: `champion ${plan.champion ?? ''}`, look: 'champion', shape: 'line', points: champion },
    { name: `challenger ${plan.challenger}`, look: 'challenger', shape: 'line', points: challenger },
  ];
  const one = (name: string, look: Line['look'], shape: Line['shape'], points: readonly Point[]): Line[] => [
    { name, look, shape, points },
  ];
  const { errorRate, meanLatencyMs } = plan.policy.guardrails;
  const charts: readonly Chart[] = [
    {
      ...common,
      title: 'Users on the challenger',
      says: 'Share of users whom the challenger answers, over time, as read back from the alias',
      lines: one(plan.challenger, 'challenger', 'steps', series.share),
      limits: [],
      scale: 'linear',
      format: (value) => `${digits(value)} %`,
    },
    {
      ...common,
      title: 'Failed requests',
      says: 'Share of requests that failed, champion and challenger, over time',
      lines: arms(series.errors),
      limits: errorRate === null ? [] : [{ name: `guardrail ${percentText(errorRate)}`, value: errorRate }],
      scale: 'linear',
      format: percentText,
    },
    {
      ...common,
      title: 'Latency, 95th percentile',
      says: 'Latency that 95 % of requests stay below, champion and challenger, over time',
      lines: arms(series.latency),
      // A limit far above all data would leave them a line at the bottom.
      limits: near(series.latency, meanLatencyMs, 'guardrail of the mean'),
      scale: 'linear',
      format: msText,
    },
    {
      ...common,
      title: 'Evidence against the challenger',
      says: 'Each rule’s evidence on the way from none to its own threshold, by its logarithm; rolls back at 100 %',
      lines: series.evidence.slice(0, mostRules).map(({ name, decided, points }, index) => ({
        name: decided ? `${name} (decided)` : name,
        look: decided ? ('challenger' as const) : index === 0 ? ('neutral' as const) : ('other' as const),
        shape: 'line' as const,
        points,
      })),
      limits: [{ name: 'rolls back', value: 1 }],
      scale: 'linear',
      format: (value) => `${Math.round(100 * value)} %`,
    },
  ];
  return html`${charts.filter(hasData).map(chartMarkup)}`;
}

/** The strongest: more lines tell less. */
const mostRules = 6;

const hasData = ({ lines }: Chart): boolean =>
  lines.some(({ points }) => points.some(({ value }) => value !== null));

function near({ champion, challenger }: Arms, limit: number | null, name: string): Chart['limits'] {
  const most = Math.max(...[...champion, ...challenger].map(({ value }) => value ?? 0));
  return limit === null || limit > 3 * most ? [] : [{ name: `${name} ${msText(limit)}`, value: limit }];
}
