import type { Difference } from '../../view/differences.ts';
import type { MetricWord } from '../../view/metric-word.ts';
import type { TracePoint } from '../../view/trace.ts';
import type { Band, Line, Look, Plot, Point } from './plot.ts';

/** One metric at a glance: how far the challenger lies from the champion, how sure that is, and where it is too far. */
export interface Tile {
  readonly title: string;
  /** Null where nothing is judged by it. */
  readonly word: MetricWord | null;
  /** The figure in large, and what it is made of. */
  readonly figure: string;
  readonly detail: string;
  readonly arms: string;
  readonly plot: Plot;
}

export type Frame = Pick<Plot, 'span' | 'marks'>;

type Words = Pick<Tile, 'title' | 'word' | 'arms'>;
interface Drawn extends Frame {
  readonly id: string;
  readonly of: string;
  readonly points: readonly TracePoint[];
  readonly format: (value: number) => string;
  readonly columns: Plot['columns'];
  readonly least: number;
  readonly limits: readonly { readonly name: string; readonly value: number }[];
}

/** Challenger minus champion over time, with its band: a regression where the whole band is past the limit. */
export function differenceTile(
  words: Words,
  { difference, ...drawn }: Drawn & { readonly difference: (point: TracePoint) => Difference },
): Tile {
  const { points, format, least, of, id, span, marks, columns } = drawn;
  const look = colour(words.word);
  const band: Band['points'] = points.flatMap((point) => {
    const interval = difference(point).interval;
    return interval === null || !Number.isFinite(interval.low) || !Number.isFinite(interval.high)
      ? []
      : [{ at: point.at, ...interval }];
  });
  const line = withGaps(points, (point) => difference(point).value);
  const last = points.findLast((point) => difference(point).value !== null);
  const now = last === undefined ? null : difference(last);
  const [limit] = drawn.limits.toSorted((a, b) => a.value - b.value);
  // The first ticks' band is as wide as the scale, and says nothing: the last third is what is looked at.
  const late = band.slice(-Math.ceil(band.length / 3));
  const shown = [
    ...line.slice(-Math.ceil(line.length / 2)).map(({ value }) => value ?? 0),
    ...late.flatMap(({ low, high }) => [low, high]),
  ];
  const [low, high] = [Math.min(0, ...shown), Math.max(0, ...shown)];
  const reach = Math.max(Math.abs(low), Math.abs(high), least);
  const isNear = limit !== undefined && limit.value <= 3 * reach;
  const most = Math.max(high, isNear ? limit.value : 0, 0.3 * reach, least);
  const range: Plot['range'] = [Math.min(1.15 * low, -0.3 * most), 1.15 * most];
  return {
    ...words,
    figure: now === null || now.value === null ? '–' : format(now.value),
    detail: [now === null ? '' : intervalText(now, format), limit?.name ?? '']
      .filter((text) => text !== '')
      .join(', '),
    plot: {
      id,
      span,
      marks,
      columns,
      format,
      range,
      says: `Challenger minus champion in ${of}, over time, with the band in which it surely lies; above 0 the challenger is worse`,
      lines: [{ name: '', look, shape: 'line', points: line }],
      band: { look, points: band },
      base: { name: 'same', value: 0 },
      limits: limit === undefined ? [] : [limit],
      times: points.map(({ at }) => at),
    },
  };
}

/** Both arms as they are, where they are not seen at the same time. Null without data. */
export function absoluteTile(
  words: Words,
  { value, ...drawn }: Drawn & { readonly value: (arm: TracePoint['champion']) => number | null },
): Tile | null {
  const { points, format, least, of, id, span, marks, columns } = drawn;
  const limits = drawn.limits.toSorted((a, b) => a.value - b.value).slice(0, 1);
  const line = (of: 'champion' | 'challenger', look: Look): Line => ({
    name: of,
    look,
    shape: 'line',
    points: withGaps(points, (point) => value(point[of])),
  });
  const lines = [line('challenger', colour(words.word)), line('champion', 'champion')].filter((one) =>
    one.points.some((point) => point.value !== null),
  );
  const seen = lines.flatMap((one) => one.points.map((point) => point.value ?? 0));
  if (seen.length === 0) return null;
  const near = limits.filter((limit) => limit.value <= 3 * Math.max(...seen, least));
  const own = points.findLast(({ challenger }) => value(challenger) !== null)?.challenger;
  const now = own === undefined ? null : value(own);
  return {
    ...words,
    figure: now === null ? '–' : format(now),
    detail: limits[0]?.name ?? 'no champion at the same time to compare with',
    plot: {
      id,
      span,
      marks,
      columns,
      format,
      says: `Share of ${of}, by version, over time`.replace('Share of the', 'The'),
      lines,
      limits,
      range: [0, rangeTo([...seen, ...near.map((limit) => limit.value)], least)],
      times: points.map(({ at }) => at),
    },
  };
}

export const rangeTo = (values: readonly number[], least: number): number =>
  1.15 * Math.max(least, ...values);

/** Nobody saw what happened between two ticks that lie far apart. */
function withGaps(
  points: readonly TracePoint[],
  value: (point: TracePoint) => number | null,
): readonly Point[] {
  return points.flatMap((point, i): readonly Point[] => {
    const before = points[i - 1];
    const own = { at: point.at, value: value(point) };
    const isGap = before !== undefined && point.from - before.at > 2 * (before.at - before.from);
    return isGap ? [{ at: point.from, value: null }, own] : [own];
  });
}

/** Red is for a breach alone. */
export const colour = (word: MetricWord | null): Look => (word === 'decided' ? 'breach' : 'challenger');

export function intervalText({ interval }: Difference, format: (value: number) => string): string {
  if (interval === null || !Number.isFinite(interval.low) || !Number.isFinite(interval.high)) return '';
  return `between ${format(interval.low)} and ${format(interval.high)} (95 %)`;
}
