import { digits } from '../../monitor/judge/words.ts';
import { signOf } from '../../view/answer.ts';
import type { MetricWord } from '../../view/metric-word.ts';
import type { RolloutView } from '../../view/view.ts';
import { html, type Markup } from './html.ts';
import { type Plot, plotMarkup } from './plot.ts';
import type { EvidenceLine, Series } from './series.ts';
import type { Frame, Tile } from './tile-plots.ts';
import { tilesOf } from './tiles.ts';

/** What of it is drawn: the metrics' tiles, the evidence, and the share of users, all over the same time. */
export function rolloutCharts(
  view: RolloutView,
  series: Series,
  marks: Plot['marks'],
  until: number,
): Markup | null {
  const { state } = view;
  const frame: Frame = { span: [state.startedAt, Math.max(until, state.startedAt + 1)], marks };
  const charts = [
    ...tilesOf(view, series.points, frame).map(tileMarkup),
    ...(series.evidence.length === 0 ? [] : [evidenceChart(series.evidence, frame)]),
    ...(series.share.every(({ value }) => value === 0)
      ? []
      : [shareChart(state.plan.challenger, series, frame)]),
  ];
  return charts.length === 0 ? null : html`<div class="tiles">${charts}</div>`;
}

export const wordMarkup = (word: MetricWord): Markup =>
  html`<span class="word ${tones[word]}"><i aria-hidden="true">${signOf[word]}</i> ${word}</span>`;

const tones: Readonly<Record<MetricWord, string>> = {
  decided: 'bad',
  'over the limit, not yet proven': 'warn',
  within: 'good',
  'too early': 'rest',
};

function tileMarkup({ title, word, figure, detail, arms, plot }: Tile, index: number): Markup {
  const leads = index === 0 && (word === 'decided' || word === 'over the limit, not yet proven');
  return html`<section class="tile${leads ? ' leads' : ''}" aria-labelledby="${plot.id}-title">
<h2 id="${plot.id}-title">${title} ${word === null ? null : wordMarkup(word)}</h2>
<p class="figure"><b>${figure}</b> <span>${detail}</span></p>
<p class="dim">${arms}</p>
${plotMarkup(plot)}
</section>`;
}

/** The strongest: more lines tell less. */
const mostRules = 4;

function evidenceChart(lines: readonly EvidenceLine[], frame: Frame): Markup {
  const shown = lines.slice(0, mostRules);
  const times = [...new Set(shown.flatMap(({ points }) => points.map(({ at }) => at)))].sort((a, b) => a - b);
  return html`<section class="tile" aria-labelledby="evidence-title">
<h2 id="evidence-title">Evidence against the challenger</h2>
<p class="dim">Each rule on its way from none to its own threshold, on a logarithmic scale. At 100 % it rolls back.</p>
${plotMarkup({
  ...frame,
  id: 'evidence',
  says: 'Each rule’s evidence on the way from none to its own threshold, by its logarithm; rolls back at 100 %',
  lines: shown.map(({ name, decided, points }, index) => ({
    name: short(name),
    look: decided ? ('breach' as const) : index === 0 ? ('challenger' as const) : ('other' as const),
    shape: 'line' as const,
    points,
  })),
  limits: [{ name: 'rolls back', value: 1 }],
  range: [0, 1.2],
  format: (value) => (value > 1.01 ? '' : `${Math.round(100 * value)} %`),
  columns: shown.map(({ name, points }) => {
    const values = new Map(points.map(({ at, value }) => [at, value]));
    return { name, at: (time) => percent(values.get(time) ?? null) };
  }),
  times,
})}
</section>`;
}

const percent = (share: number | null): string => (share === null ? '–' : `${Math.round(100 * share)} %`);

/** A rule's name as a label at a line's end. */
const short = (name: string): string =>
  name.replace(' against champion', '').replace('all metrics together', 'all together');

function shareChart(challenger: string, { share }: Series, frame: Frame): Markup {
  const times = share.map(({ at }) => at);
  const values = new Map(share.map(({ at, value }) => [at, value]));
  return html`<section class="tile" aria-labelledby="share-title">
<h2 id="share-title">Users on ${challenger}</h2>
<p class="dim">As read back from the alias.</p>
${plotMarkup({
  ...frame,
  id: 'share',
  says: 'Share of users whom the challenger answers, over time, as read back from the alias',
  lines: [{ name: '', look: 'challenger', shape: 'steps', points: share }],
  limits: [],
  range: [0, 100],
  format: (value) => `${digits(value)} %`,
  columns: [{ name: 'share', at: (time) => `${digits(values.get(time) ?? 0)} %` }],
  times,
})}
</section>`;
}
