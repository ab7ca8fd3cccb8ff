import type { ChalkInstance } from 'chalk';
import { formatDuration } from '../../domain/parse.ts';
import { digits, thousands } from '../../monitor/judge/words.ts';
import { clock, rounded } from '../../view/condition.ts';
import { timesText } from '../../view/fold-events.ts';
import type { RolloutView } from '../../view/view.ts';
import { cutTo, padLeft, padTo, widthOf, wrapTo } from '../width.ts';
import { numberLines, painted, ruleText } from './number-lines.ts';
import { ascii, rich, type Signs, toAscii } from './signs.ts';
import { stepLine } from './step-line.ts';

export interface FrameOptions {
  readonly paint: ChalkInstance;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
  /** The last line: which keys do what. */
  readonly keys: string;
}

/**
 * A rollout as it runs, for a terminal of this size: at most `rows` lines, none wider than `columns`. Under 60 columns two
 * lines; from 60 on numbers, from 70 on differences, from 80 on sparklines, from 120 on all rules. Pure.
 */
export function frame(
  view: RolloutView,
  columns: number,
  rows: number,
  options: FrameOptions,
): readonly string[] {
  const signs = options.unicode ? rich : ascii;
  const fit = (line: string): string => {
    const text = options.unicode ? line : toAscii(line);
    return cutTo(text, columns, signs.cut);
  };
  if (columns < 60 || rows < 8) return small(view, options.paint, signs).slice(0, Math.max(1, rows)).map(fit);
  const top = [
    title(view, columns, signs),
    ...headline(view, columns, options.paint),
    stepLine(view, options.paint, signs),
  ];
  const shares = shareLines(view, columns, signs);
  const numbers = numberLines(view, columns, options.paint, signs);
  const evidence = evidenceLine(view, columns, signs);
  const keys = options.paint.dim(options.keys);
  const room = rows - top.length - 1;
  const blocks: (readonly string[])[] = [];
  let used = 0;
  for (const block of [shares, [...numbers, ...evidence], eventLines(view, Math.max(3, rows - 26))]) {
    const lines = block.slice(0, Math.max(0, room - used - 1));
    if (lines.length === 0) continue;
    blocks.push(['', ...lines]);
    used += lines.length + 1;
  }
  return [...top, ...blocks.flat(), keys].slice(0, rows).map(fit);
}

/** What stays in the scrollback when a rollout is over, or is left: six lines at most. */
export function summary(
  view: RolloutView,
  columns: number,
  { paint, unicode }: FrameOptions,
): readonly string[] {
  const signs = unicode ? rich : ascii;
  const lines = [
    title(view, columns, signs),
    view.headline,
    stepLine(view, paint, signs),
    shareText(view),
    `failed   ${view.failed}`,
    ...view.metrics.slice(0, 1).map((metric) => `decided  ${ruleText(metric)}`),
  ];
  return lines.map((line) => cutTo(unicode ? line : toAscii(line), columns, signs.cut));
}

function small(view: RolloutView, paint: ChalkInstance, signs: Signs): readonly string[] {
  const { state, condition } = view;
  const { plan } = state;
  const share = view.shares.versions[0]?.readBack ?? 0;
  const left = condition.deadline === null ? '' : ` ${rounded(condition.deadline.at - view.now)} left`;
  const worst = view.metrics[0];
  const second =
    worst === undefined
      ? condition.why || thenText(condition)
      : `${worst.finding.rule}: ${painted(worst.word, paint)}`;
  return [`${signs.now} ${plan.challenger} ${share} % ${condition.word}${left}`, `  ${second}`];
}

const thenText = ({ deadline }: RolloutView['condition']): string =>
  deadline === null ? '' : `then ${deadline.then}`;

function title({ state, now, condition }: RolloutView, columns: number, signs: Signs): string {
  const { plan, id } = state;
  const left = `${plan.model} · ${plan.environment}   ${plan.champion ?? 'nothing'} ${signs.to} ${plan.challenger}   ${plan.strategy} ${id}`;
  const end = state.endedAt ?? now;
  const about = condition.kind === 'baking' || condition.kind === 'preparing' ? leftText(state, now) : '';
  const took = formatDuration(Math.max(0, Math.round((end - state.startedAt) / 1_000) * 1_000));
  const room = (right: string): number => columns - widthOf(left) - widthOf(right);
  const right = room(took + about) < 2 ? took : took + about;
  return left + ' '.repeat(Math.max(2, room(right))) + right;
}

/** All bakes that are to come, at their planned lengths. */
function leftText({ plan, step, stepSince, pausedMs }: RolloutView['state'], now: number): string {
  let ms = 0;
  plan.steps.slice(step).forEach((one, index) => {
    if (one.kind !== 'bake' || one.durationMs === null) return;
    const gone = index === 0 ? now - stepSince - pausedMs : 0;
    ms += Math.max(0, one.durationMs + plan.settleMs - gone);
  });
  return ms === 0 ? '' : `, about ${rounded(ms)} left`;
}

const loud = new Set(['stuck', 'rolling-back', 'rolled-back']);
const waits = new Set(['paused', 'held', 'waiting-for-approval', 'metrics-unreadable']);

/** Two lines or three; what happens next stands at its end, and is not cut off for a long reason. */
function headline(
  { condition, headline: text }: RolloutView,
  columns: number,
  paint: ChalkInstance,
): readonly string[] {
  const most = 2 * columns - 20;
  const end = text.slice(Math.max(0, text.length - Math.floor(most / 2)));
  const short = widthOf(text) <= most ? text : `${cutTo(text, most - widthOf(end))}${end}`;
  const colour = loud.has(condition.kind) ? paint.red : waits.has(condition.kind) ? paint.yellow : paint;
  return wrapTo(short, columns)
    .split('\n')
    .map((line) => colour.bold(line));
}

function shareLines({ shares }: RolloutView, columns: number, signs: Signs): readonly string[] {
  const width = Math.min(60, Math.max(10, columns - 50));
  const names = Math.max(...shares.versions.map(({ version }) => widthOf(version)));
  return shares.versions.toReversed().map(({ version, planned, readBack, seen }, index) => {
    const full = Math.round((readBack / 100) * width);
    const bar = signs.full.repeat(full) + signs.empty.repeat(width - full);
    const plan = planned === readBack ? '' : `  planned ${digits(planned)} %`;
    const counted = seen === null ? '' : `  seen ${seen.toFixed(1)} %`;
    return `${padTo(index === 0 ? 'traffic' : '', 9)} ${padTo(version, names)} ${bar} ${padLeft(digits(readBack), 4)} %${counted}${plan}`;
  });
}

function shareText({ shares }: RolloutView): string {
  const parts = shares.versions.map(({ version, readBack }) => `${version} ${digits(readBack)} %`);
  return `traffic  ${parts.join(', ')}, read back ${clock(shares.readAt)}`;
}

function evidenceLine({ evidence, verdict }: RolloutView, columns: number, signs: Signs): readonly string[] {
  if (evidence === null) return [];
  const width = columns >= 80 ? 14 : 8;
  const share = Math.log(Math.max(1, evidence.value)) / Math.log(evidence.threshold);
  const full = Math.min(width, Math.max(0, Math.round(share * width)));
  const bar = signs.full.repeat(full) + signs.empty.repeat(width - full);
  const need =
    verdict?.kind === 'insufficient' && verdict.needRequests !== null
      ? `, about ${thousands(verdict.needRequests)} more requests`
      : '';
  const why = verdict?.kind === 'insufficient' ? `   ${verdict.why}${need}` : '';
  return [`evidence  [${bar}]  ${digits(evidence.value)} of ${digits(evidence.threshold)} rolls back${why}`];
}

function eventLines({ events }: RolloutView, most: number): readonly string[] {
  return events.slice(-most).map((event) => `${clock(event.at)} ${event.text}${timesText(event)}`);
}
