import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { table } from '../../machine.ts';
import { medianOf } from '../summary.ts';
import { userCells } from './cells.ts';
import { type RolloutOutcome, type Variant, variants } from './rollout.ts';

/** Runs `first` to `first + runs - 1` of one cell. */
export interface UserRuns {
  readonly cell: string;
  readonly first: number;
  readonly outcomes: Readonly<Partial<Record<Variant, readonly RolloutOutcome[]>>>;
}

const prefix = 'users-';

export function writeUserRuns(dir: string, runs: UserRuns): void {
  mkdirSync(dir, { recursive: true });
  const name = `${prefix}${runs.cell.replaceAll(/[^a-zA-Z0-9.]+/g, '-')}-${runs.first}.json`;
  writeFileSync(join(dir, name), JSON.stringify(runs));
}

export function readUserRuns(dir: string): readonly UserRuns[] {
  return readdirSync(dir)
    .filter((name) => name.startsWith(prefix))
    .map((name) => JSON.parse(readFileSync(join(dir, name), 'utf8')) as UserRuns);
}

const outcomesOf = (all: readonly UserRuns[], cell: string, variant: Variant): readonly RolloutOutcome[] =>
  all.filter((one) => one.cell === cell).flatMap(({ outcomes }) => outcomes[variant] ?? []);

const percent = (part: number, of: number): string => ((100 * part) / of).toFixed(1);

/** The tables of the results. */
export function userTables(all: readonly UserRuns[]): string {
  const known = userCells.filter(({ name }) => outcomesOf(all, name, 'gate').length > 0);
  const rows = (kind: 'healthy' | 'regression') =>
    known
      .filter((cell) => cell.kind === kind)
      .map(({ name }) => {
        const gate = outcomesOf(all, name, 'gate');
        const figures = variants.map((variant) => {
          const outcomes = outcomesOf(all, name, variant);
          if (outcomes.length === 0) return '-';
          const at = outcomes.flatMap(({ at: minute }) => (minute === null ? [] : [minute]));
          const share = percent(at.length, outcomes.length);
          return kind === 'healthy' || at.length === 0 ? share : `${share} @${medianOf(at).toFixed(1)}`;
        });
        const survived = gate.filter(({ at }) => at === null);
        const held = percent(survived.filter((one) => one.held > 0).length, Math.max(1, gate.length));
        const reads = (gate.reduce((sum, one) => sum + one.reads, 0) / gate.length).toFixed(1);
        return [name, `${gate.length}`, ...figures, held, reads];
      });
  const head = ['cell', 'n', ...variants, 'held', 'reads'];
  return [
    `## Healthy challengers rolled back, %\n\n${table(head, rows('healthy'))}`,
    `## Regressions found, % @ median minute\n\n${table(head, rows('regression'))}`,
    pooledText(all),
  ].join('\n\n');
}

function pooledText(all: readonly UserRuns[]): string {
  const healthy = userCells.filter(({ kind }) => kind === 'healthy');
  const lines = variants.flatMap((variant) => {
    const outcomes = healthy.flatMap(({ name }) => outcomesOf(all, name, variant));
    if (outcomes.length === 0) return [];
    const back = outcomes.filter(({ at }) => at !== null).length;
    return `- \`${variant}\`: ${back} of ${outcomes.length}, ${percent(back, Math.max(1, outcomes.length))} %`;
  });
  return `Pooled over the healthy cells:\n\n${lines.join('\n')}`;
}
