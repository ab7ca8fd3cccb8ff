import { scaleLinear, scaleUtc } from 'd3-scale';
import { html, type Markup } from './html.ts';

export interface Point {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** null: nothing is known here, and the line has a gap. */
  readonly value: number | null;
}

/** What is drawn, which is also what it means: champion dashed, challenger in its colour, red only past a limit. */
export type Look = 'champion' | 'challenger' | 'breach' | 'neutral' | 'other';

export interface Line {
  readonly name: string;
  readonly look: Look;
  readonly points: readonly Point[];
  /** `steps`: each value holds until the next. */
  readonly shape: 'line' | 'steps';
}

export interface Band {
  readonly look: Look;
  readonly points: readonly { readonly at: number; readonly low: number; readonly high: number }[];
}

export interface Plot {
  /** Unique on its page. */
  readonly id: string;
  /** One sentence for whoever can't see it. */
  readonly says: string;
  readonly lines: readonly Line[];
  readonly band?: Band;
  readonly limits: readonly { readonly name: string; readonly value: number }[];
  /** A value that is drawn as a plain line, for others lie above or below it. */
  readonly base?: { readonly name: string; readonly value: number };
  /** From and to of the values. */
  readonly range: readonly [number, number];
  readonly format: (value: number) => string;
  /** From and to, alike in all plots of a page. */
  readonly span: readonly [number, number];
  /** Where something happened: the same numbers stand in the page's list of events. */
  readonly marks: readonly { readonly at: number; readonly name: string }[];
  /** What stands in the table behind it, one row a point. */
  readonly columns: readonly { readonly name: string; readonly at: (time: number) => string }[];
  /** Times of the table's rows. */
  readonly times: readonly number[];
}

/** The drawing is stretched to the page's width, and its words are not: they are as large on a telephone. */
const size = 1_000;

/** A plot with a table behind it: no script, so that it also prints. The script of a live page moves the crosshair. */
export function plotMarkup(plot: Plot): Markup {
  const { id, says, span, limits, base, format, marks, lines } = plot;
  const x = scaleUtc().domain(span).range([0, size]);
  const linear = scaleLinear().domain(plot.range).range([size, 0]).clamp(true);
  const y = (value: number): number => linear(value);
  const inside = (value: number): boolean => value >= plot.range[0] && value <= plot.range[1];
  const top = (value: number): string => `top:${share(y(value))}%`;
  const ticks = linear.ticks(3).filter((tick) => base === undefined || tick !== base.value);
  const drawn = limits.filter(({ value }) => inside(value));
  const ends = spread([
    ...drawn.map(({ name, value }) => ({ name, look: 'limit' as const, at: y(value) })),
    ...lines.flatMap(({ name, look, points }) => {
      const last = points.findLast(({ value }) => value !== null)?.value ?? null;
      return last === null || name === '' ? [] : [{ name, look, at: y(last) }];
    }),
  ]);
  return html`<figure class="plot" id="${id}" tabindex="0" role="group" aria-label="${says}">
<div class="area"><svg viewBox="0 0 ${size} ${size}" preserveAspectRatio="none" aria-hidden="true">
${ticks.map((tick) => html`<path class="grid" d="M0 ${at(y(tick))}H${size}"/>`)}
${bandMarkup(plot.band, x, y)}
${base === undefined ? null : html`<path class="base" d="M0 ${at(y(base.value))}H${size}"/>`}
${marks.map((mark) => html`<path class="mark" d="M${at(x(mark.at))} 0V${size}"/>`)}
${lines.map((line) => lineMarkup(line, x, y))}
${drawn.map(({ value }) => html`<path class="limit" d="M0 ${at(y(value))}H${size}"/>`)}</svg>
${ticks.map((tick) => html`<span class="y" style="${top(tick)}">${format(tick)}</span>`)}
${base === undefined ? null : html`<span class="y strong" style="${top(base.value)}">${base.name}</span>`}
${limits.filter(({ value }) => !inside(value)).map(({ name, value }) => html`<span class="lim off ${value > plot.range[1] ? 'above' : 'below'}">${name} ${value > plot.range[1] ? '↑' : '↓'}</span>`)}
${ends.map(({ name, look, at: place }) => html`<span class="${look === 'limit' ? 'lim' : `end ${look}`}" style="top:${share(place)}%">${name}</span>`)}
${apart(marks, x).map((mark) => html`<span class="n" style="left:${share(x(mark.at))}%">${mark.name}</span>`)}
${timeLabels(span, x)}<i class="cross" hidden></i></div>
${lines.length < 2 ? null : html`<p class="keys">${lines.map(({ name, look }) => html`<span class="key ${look}">${name}</span> `)}</p>`}
<p class="read" hidden></p>
<details class="numbers"><summary>Numbers</summary>${numbers(plot, x)}</details>
</figure>`;
}

const day = 86_400_000;

/** What a clock's hand between two ticks needs, and the day where there are several. Source: d3-time-format. */
function timeForm([from, to]: Plot['span'], ticks: readonly Date[]): string {
  if (to - from > day) return '%b %d %H:%M';
  return ticks.every((tick) => tick.getTime() % 60_000 === 0) ? '%H:%M' : '%H:%M:%S';
}

/** Few, none twice, none at the edges where they would be cut off; on a telephone the first and the last. */
function timeLabels(span: Plot['span'], x: (value: number) => number): Markup {
  const scale = scaleUtc().domain(span);
  const ticks = scale.ticks(4);
  const form = scale.tickFormat(4, timeForm(span, ticks));
  const labels = ticks
    .map((tick) => ({ text: form(tick), left: x(tick.getTime()) }))
    .filter(({ left }) => left > 0.04 * size && left < 0.96 * size)
    .filter(({ text }, i, all) => all.findIndex((other) => other.text === text) === i);
  return html`${labels.map(({ text, left }, i) => html`<span class="x${i === 0 || i === labels.length - 1 ? '' : ' inner'}" style="left:${share(left)}%">${text}</span>`)}`;
}

function numbers({ columns, times }: Plot, x: (value: number) => number): Markup {
  return html`<div class="wide" tabindex="0"><table><thead><tr><th scope="col">time (UTC)</th>${columns.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${times.map((time) => html`<tr data-x="${share(x(time))}"><td>${clockOf(time)}</td>${columns.map((column) => html`<td>${column.at(time)}</td>`)}</tr>\n`)}</tbody></table></div>`;
}

const clockOf = (time: number): string => new Date(time).toISOString().slice(11, 19);

/** Names that would stand on one another share a place. */
function apart(marks: Plot['marks'], x: (value: number) => number): Plot['marks'] {
  const placed: { at: number; name: string }[] = [];
  for (const mark of marks) {
    const before = placed.at(-1);
    if (before !== undefined && x(mark.at) - x(before.at) < 0.045 * size) before.name += `,${mark.name}`;
    else placed.push({ ...mark });
  }
  return placed;
}

/** A label is a tenth of a plot's height. */
const labelHeight = size / 10;

/** Labels at the lines' ends, none on another, in the lines' order. */
function spread<T extends { readonly at: number }>(labels: readonly T[]): readonly T[] {
  const placed: T[] = [];
  for (const label of labels.toSorted((a, b) => a.at - b.at)) {
    const before = placed.at(-1)?.at ?? -0.4 * labelHeight;
    placed.push({ ...label, at: Math.max(label.at, before + labelHeight) });
  }
  const over = (placed.at(-1)?.at ?? 0) - size;
  return over <= 0 ? placed : placed.map((label) => ({ ...label, at: label.at - over }));
}

function lineMarkup(line: Line, x: (value: number) => number, y: (value: number) => number): Markup {
  let path = '';
  let isOpen = false;
  line.points.forEach(({ at: when, value }, i) => {
    if (value === null) {
      isOpen = false;
      return;
    }
    const [px, py] = [at(x(when)), at(y(value))];
    if (!isOpen) path += `M${px} ${py}`;
    else path += line.shape === 'steps' ? `H${px}V${py}` : `L${px} ${py}`;
    // A point with a gap on both sides would not be seen.
    if (!isOpen && (line.points[i + 1]?.value ?? null) === null) path += 'h2';
    isOpen = true;
  });
  return html`<path class="line ${line.look}" d="${path}"/>`;
}

function bandMarkup(
  band: Band | undefined,
  x: (value: number) => number,
  y: (value: number) => number,
): Markup | null {
  if (band === undefined || band.points.length === 0) return null;
  const upper = band.points.map((point) => `${at(x(point.at))} ${at(y(point.high))}`);
  const lower = band.points.toReversed().map((point) => `${at(x(point.at))} ${at(y(point.low))}`);
  return html`<path class="band ${band.look}" d="M${[...upper, ...lower].join('L')}Z"/>`;
}

const at = (pixels: number): number => Math.round(pixels);
const share = (pixels: number): number => Math.round(pixels) / (size / 100);
