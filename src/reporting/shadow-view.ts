import type { ChalkInstance } from 'chalk';
import type { Difference, DisagreementReport } from '../domain/shadow.ts';
import { digits, percentText, thousands } from '../monitor/judge/words.ts';
import { copiesOf } from '../engine/shadow-report.ts';
import type { RolloutState } from '../engine/state.ts';
import { table } from './output.ts';

/** What a shadow found, for machines; null for every other strategy. */
export interface ShadowData {
  readonly sampled: number;
  readonly dropped: number;
  readonly duplicates: number;
  readonly compared: number;
  readonly disagreed: number;
  /** 0 to 1; null where nothing was compared, or nothing is forbidden. */
  readonly disagreement: number | null;
  readonly allowed: number | null;
  readonly meanDistance: number | null;
  /** null while it has not been read. */
  readonly report: DisagreementReport | null;
}

export function shadowData(state: RolloutState): ShadowData | null {
  if (state.plan.shadow === undefined) return null;
  const copies = copiesOf(state.observations);
  const { sent = 0, dropped = 0, duplicates = 0, compared = 0, disagreed = 0, distance = 0 } = copies ?? {};
  return {
    sampled: sent + dropped,
    dropped,
    duplicates,
    compared,
    disagreed,
    disagreement: compared === 0 ? null : disagreed / compared,
    allowed: state.plan.policy.disagreement ?? null,
    meanDistance: compared === 0 ? null : distance / compared,
    report: state.report,
  };
}

/** At the end of a rollout there is room for the most frequent. */
export const inShort = { rows: 5, examples: 3 };

/** Copies, how many answers differ, how, and examples. */
export function shadowText(
  data: ShadowData,
  paint: ChalkInstance,
  most: { readonly rows: number; readonly examples: number } = { rows: Infinity, examples: Infinity },
): string {
  const rows: (readonly [string, string])[] = [
    ['copies', copiesText(data)],
    ['differ', differText(data)],
  ];
  if (data.meanDistance !== null) rows.push(['distance', `${digits(data.meanDistance)} in the mean`]);
  const lines = rows.map(([name, text]) => `  ${paint.dim(name.padEnd(10))} ${text}`);
  const { report } = data;
  if (report === null || report.read === 0) return lines.join('\n');
  const { up, down, other } = report.byDirection;
  lines.push(
    `  ${paint.dim('score'.padEnd(10))} ${thousands(up)} higher, ${thousands(down)} lower, ${thousands(other)} neither${sourceText(report, data)}`,
  );
  const kinds = kindsText(report, most.rows, paint);
  const examples = examplesText(report.examples.slice(0, most.examples), paint);
  return [...lines, '', ...indented(kinds), '', ...indented(examples)].join('\n');
}

/** Two counts of one thing would be taken for a mistake. */
function sourceText({ read, complete }: DisagreementReport, { disagreed }: ShadowData): string {
  if (read === disagreed) return '';
  const log = complete ? 'in the log of the whole rollout' : 'are the first in the log';
  return `; ${thousands(read)} ${log}, ${thousands(disagreed)} among the judged answers`;
}

function copiesText({ sampled, dropped, compared, duplicates }: ShadowData): string {
  const again = duplicates === 0 ? '' : `, ${thousands(duplicates)} delivered once more`;
  const lost = dropped === 0 ? 'none dropped' : `${thousands(dropped)} dropped`;
  return `${thousands(sampled)} of the champion's answers, ${lost}${again}; ${thousands(compared)} compared`;
}

function differText({ disagreed, disagreement, allowed }: ShadowData): string {
  if (disagreement === null) return 'nothing was compared';
  const limit =
    allowed === null
      ? 'not judged: strategies.shadow.compare.disagreement is off'
      : `${percentText(allowed)} allowed`;
  return `${thousands(disagreed)}, ${percentText(disagreement)} of those compared (${limit})`;
}

function kindsText(report: DisagreementReport, most: number, paint: ChalkInstance): string {
  const of = report.complete ? '' : ` (of the first ${thousands(report.read)})`;
  const shown = report.rows.slice(0, most);
  const others = report.read - shown.reduce((sum, { count }) => sum + count, 0);
  const rows = shown.map(({ direction, champion, challenger, count }) => [
    thousands(count),
    percentText(count / report.read),
    direction === 'other' ? '-' : direction,
    champion ?? '-',
    challenger ?? '-',
  ]);
  if (others > 0) rows.push([thousands(others), percentText(others / report.read), '', 'others', '']);
  return table(['DIFFER', `SHARE${of}`, 'SCORE', 'CHAMPION', 'CHALLENGER'], rows, paint);
}

function examplesText(examples: readonly Difference[], paint: ChalkInstance): string {
  const shownOf = ({ shown }: Difference): string =>
    Object.entries(shown)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ');
  return table(
    ['EXAMPLE', 'CHAMPION', 'CHALLENGER', 'DISTANCE', 'REQUEST'],
    examples.map((example) => [
      example.requestId,
      example.champion ?? '-',
      example.challenger ?? '-',
      digits(example.distance),
      shownOf(example),
    ]),
    paint,
  );
}

const indented = (text: string): readonly string[] => text.split('\n').map((line) => `  ${line}`);
