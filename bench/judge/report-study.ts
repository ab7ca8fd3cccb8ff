import { table } from '../machine.ts';
import { studied, type CellResult, type Results, type StudyCell } from './results.ts';
import { meanOf, type Summary } from './summary.ts';
import { digits } from './words.ts';

interface Compared {
  readonly cell: string;
  readonly own: Summary;
  readonly minutes: number;
  /** Own mean minutes less the study's, in standard errors of the difference. */
  readonly off: number;
}

/** The study's runs a cell; its own standard error is taken to be ours for as many. */
const studyRuns = { errors: 500, latency: 400 } as const;
/** Rounding of the study's printed minutes. */
const rounding = 0.05;

/** Is the judge at least as good as the study, cell by cell? */
export function againstStudy(results: Results): string {
  const parts = [
    part('errors', results.errors, 'mlreg', (name) => studied.errors(name), studyRuns.errors),
    part('errors, independent', results.errors, 'mlreg, independent', independent, studyRuns.errors),
    part('latency', results.latency, 'mlreg', (name) => studied.latency(name), studyRuns.latency),
    part('bursts', results.bursts, 'mlreg', burst, 300),
  ].filter((one) => one.compared.length > 0);
  if (parts.length === 0) return '';
  const rows = parts.map(({ title, compared }) => [
    title,
    `${compared.length}`,
    `${compared.filter(({ off }) => off < -3).length}`,
    `${compared.filter(({ off }) => Math.abs(off) <= 3).length}`,
    `${compared.filter(({ off }) => off > 3).length}`,
    ratioOf(compared).toFixed(3),
  ]);
  const worse = parts.flatMap(({ title, compared }) =>
    compared.filter(({ off }) => off > 3).map((one) => ({ title, ...one })),
  );
  const list = worse
    .sort((a, b) => b.own.mean / b.minutes - a.own.mean / a.minutes)
    .map(({ title, cell, own, minutes }) => [
      title,
      cell,
      `${digits(own.mean)} ± ${digits(own.error)}`,
      digits(minutes),
      digits(own.mean / minutes),
    ]);
  const head = ['table', 'cells', 'faster than the study', 'the same', 'slower', 'mean ratio'];
  return [
    '## At least as good as the study?',
    'Mean minutes to rollback of `mlreg` (and `independent`) against the study’s in the same cell; faster and slower mean by more than three standard errors and the rounding of its printed numbers. The ratio is the geometric mean of ours over the study’s where the study’s minutes are 1 to 45: below, its printed digits are too few, above, most runs of both end at 60.',
    table(head, rows),
    healthyAgainstStudy(results),
    list.length > 0
      ? `Slower:\n\n${table(['table', 'cell', 'mlreg min', 'study min', 'ratio'], list)}`
      : 'No cell is slower.',
  ].join('\n\n');
}

/** All healthy cells together, for in one cell neither rolls back often enough to compare. */
function healthyAgainstStudy({ falseRollbacks }: Results): string {
  const pairs = falseRollbacks.flatMap(({ cell, of }) => {
    const [own, theirs] = [of('mlreg'), studied.false(cell.name)];
    return own && theirs !== null ? [{ own, theirs }] : [];
  });
  if (pairs.length === 0) return '';
  const runs = pairs.reduce((sum, { own }) => sum + own.runs, 0);
  const rollbacks = pairs.reduce((sum, { own }) => sum + Math.round((own.power * own.runs) / 100), 0);
  const study = meanOf(pairs.map(({ theirs }) => theirs));
  return `False rollbacks of \`mlreg\` over all ${pairs.length} healthy cells: ${rollbacks} of ${runs} runs, ${digits((100 * rollbacks) / runs)} %; the study’s mean over the same cells is ${digits(study)} %, and alpha is 1 %.`;
}

function ratioOf(compared: readonly Compared[]): number {
  const found = compared.filter(({ minutes }) => minutes >= 1 && minutes <= 45);
  return Math.exp(meanOf(found.map(({ own, minutes }) => Math.log(own.mean / minutes))));
}

function independent(name: string): StudyCell | null {
  const study = studied.errors(name);
  return study?.independent === undefined ? null : { minutes: study.independent, power: Number.NaN };
}

function burst(name: string): StudyCell | null {
  const at = name.lastIndexOf(', ');
  const times = name.slice(at + 2);
  const study = studied.bursts(name.slice(0, at));
  if (!study || (times !== '2x' && times !== '5x')) return null;
  return { minutes: study[times], power: Number.NaN };
}

/** Each rare rollback saves about half an hour: what a handful of runs without one can't tell of their own spread. */
function varianceOf(own: Summary, studyMinutes: number): number {
  return Math.max(own.error ** 2 * own.runs, (60 - studyMinutes) * 30 * (own.power < 20 ? 1 : 0));
}

function part(
  title: string,
  cells: readonly CellResult[],
  who: string,
  study: (name: string) => StudyCell | null,
  runs: number,
): { readonly title: string; readonly compared: readonly Compared[] } {
  const compared = cells.flatMap(({ cell, of }): Compared[] => {
    const [own, theirs] = [of(who), study(cell.name)];
    if (!own || !theirs) return [];
    const error = Math.sqrt(varianceOf(own, theirs.minutes) * (1 / own.runs + 1 / runs));
    const difference = own.mean - theirs.minutes;
    const beyond = Math.sign(difference) * Math.max(0, Math.abs(difference) - rounding);
    const off = beyond === 0 ? 0 : beyond / Math.max(error, 1e-9);
    return [{ cell: cell.name, own, minutes: theirs.minutes, off }];
  });
  return { title, compared };
}
