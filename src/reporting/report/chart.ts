import { scaleLinear, scaleLog, scaleUtc } from 'd3-scale';
import { html, type Markup } from './html.ts';

export interface Point {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** null: nothing is known here, and the line has a gap. */
  readonly value: number | null;
}

export interface Line {
  readonly name: string;
  readonly look: 'champion' | 'challenger' | 'neutral' | 'other';
  readonly points: readonly Point[];
  /** `steps`: each value holds until the next. */
  readonly shape: 'line' | 'steps';
}

export interface Chart {
  readonly title: string;
  /** One sentence for whoever can't see it, or asks what it shows. */
  readonly says: string;
  readonly lines: readonly Line[];
  readonly limits: readonly { readonly name: string; readonly value: number }[];
  readonly scale: 'linear' | 'log';
  readonly format: (value: number) => string;
  /** From and to, alike in all charts of a page. */
  readonly span: readonly [number, number];
  /** Where something happened: the same numbers stand in the page's list of events. */
  readonly marks: readonly { readonly at: number; readonly name: string }[];
}

const width = 920;
const height = 210;
const inner = { left: 64, right: width - 16, top: 22, bottom: height - 26 };

/** As SVG with its caption: no script, so that it also prints and opens in a mail. */
export function chartMarkup(chart: Chart): Markup {
  const x = scaleUtc().domain(chart.span).range([inner.left, inner.right]);
  const y = yScale(chart);
  const time = x.tickFormat(8, timeForm(chart.span));
  return html`<figure>
<figcaption><b>${chart.title}</b> ${chart.lines.map(
    ({ name, look }) => html`<span class="key ${look}">${name}</span> `,
  )}${chart.limits.map(({ name }) => html`<span class="key limit">${name}</span> `)}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${chart.says}"><title>${chart.says}</title>
${y.ticks(4).map((tick) => html`<line class="grid" x1="${inner.left}" x2="${inner.right}" y1="${at(y(tick))}" y2="${at(y(tick))}"/><text class="scale" x="${inner.left - 8}" y="${at(y(tick) + 4)}" text-anchor="end">${chart.format(tick)}</text>\n`)}
${x.ticks(8).map((tick) => html`<text class="scale" x="${at(x(tick))}" y="${height - 8}" text-anchor="middle">${time(tick)}</text>\n`)}
${apart(chart.marks, x).map(({ at: when, name }) => html`<line class="mark" x1="${at(x(when))}" x2="${at(x(when))}" y1="${inner.top}" y2="${inner.bottom}"/><text class="mark" x="${at(x(when))}" y="${inner.top - 8}" text-anchor="middle">${name}</text>\n`)}
${chart.limits.map(({ value }) => html`<line class="limit" x1="${inner.left}" x2="${inner.right}" y1="${at(y(value))}" y2="${at(y(value))}"/>\n`)}
${chart.lines.map((line) => lineMarkup(line, chart, x, y))}</svg>
</figure>`;
}

const day = 86_400_000;

/** What a clock's hand between two ticks needs, and the day where there are several. Source: d3-time-format. */
function timeForm([from, to]: Chart['span']): string {
  if (to - from > day) return '%b %d %H:%M';
  return to - from > 600_000 ? '%H:%M' : '%H:%M:%S';
}

/** Names that would stand on one another share a place. */
function apart(marks: Chart['marks'], x: (value: number) => number): Chart['marks'] {
  const placed: { at: number; name: string }[] = [];
  for (const mark of marks) {
    const before = placed.at(-1);
    if (before !== undefined && x(mark.at) - x(before.at) < 14) before.name += ` ${mark.name}`;
    else placed.push({ ...mark });
  }
  return placed;
}

interface Scale {
  (value: number): number;
  ticks(count: number): number[];
}

function yScale({ lines, limits, scale }: Chart): Scale {
  const values = [
    ...lines.flatMap(({ points }) => points.flatMap(({ value }) => (value === null ? [] : [value]))),
    ...limits.map(({ value }) => value),
  ];
  const range = [inner.bottom, inner.top];
  if (scale === 'linear') {
    const most = Math.max(...values, 0);
    const linear = scaleLinear()
      .domain([0, most === 0 ? 1 : most])
      .nice(4)
      .range(range);
    return Object.assign((value: number) => linear(value), { ticks: (n: number) => linear.ticks(n) });
  }
  const log = scaleLog()
    .domain([Math.min(1, ...values), Math.max(10, ...values)])
    .range(range)
    .clamp(true);
  return Object.assign((value: number) => log(value), {
    // Powers of ten, few enough to read.
    ticks: (n: number) => {
      const [from, to] = log.domain().map((value) => Math.round(Math.log10(value))) as [number, number];
      const every = Math.max(1, Math.ceil((to - from) / n));
      return Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, i) => 10 ** (from + i * every));
    },
  });
}

function lineMarkup(line: Line, { format }: Chart, x: (value: number) => number, y: Scale): Markup {
  const paths: string[] = [];
  let path = '';
  line.points.forEach(({ at: when, value }, i) => {
    if (value === null) {
      if (path !== '') paths.push(path);
      path = '';
      return;
    }
    const [px, py] = [at(x(when)), at(y(value))];
    if (path === '') path = `M${px} ${py}`;
    else path += line.shape === 'steps' ? `H${px}V${py}` : `L${px} ${py}`;
    // A point with a gap on both sides would not be seen.
    if ((line.points[i - 1]?.value ?? null) === null && (line.points[i + 1]?.value ?? null) === null)
      path += 'h.01';
  });
  if (path !== '') paths.push(path);
  const tips = line.points.flatMap(({ at: when, value }) =>
    value === null || line.shape === 'steps'
      ? []
      : [
          html`<circle cx="${at(x(when))}" cy="${at(y(value))}" r="5"><title>${line.name}: ${format(value)}, ${new Date(when).toISOString().slice(11, 19)}Z</title></circle>`,
        ],
  );
  return html`<path class="${line.look}" d="${paths.join('')}"/>${tips.length === 0 ? null : html`<g class="tips">${tips}</g>`}\n`;
}

const at = (pixels: number): number => Math.round(pixels * 10) / 10;
