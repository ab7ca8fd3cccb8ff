import type { Cell, Table } from './cells.ts';
import type { Outcomes } from './simulate.ts';
import study from './study.json' with { type: 'json' };
import { summaryOf, type Summary } from './summary.ts';

/** A cell with what everybody did in it. */
export interface CellResult {
  readonly cell: Cell;
  readonly of: (contestant: string) => Summary | null;
  readonly contestants: readonly string[];
}

export type Results = Readonly<Record<Table, readonly CellResult[]>>;

/** The cells that were simulated, in the order of the tables. */
export function resultsOf(
  cells: readonly Cell[],
  runs: ReadonlyMap<string, Record<string, Outcomes>>,
): Results {
  const results: Record<Table, CellResult[]> = {
    falseRollbacks: [],
    errors: [],
    latencyFalse: [],
    latency: [],
    bursts: [],
    storms: [],
    cold: [],
  };
  for (const cell of cells) {
    const found = runs.get(`${cell.table}: ${cell.name}`);
    if (!found) continue;
    const summaries = new Map(Object.entries(found).map(([name, outcomes]) => [name, summaryOf(outcomes)]));
    results[cell.table].push({
      cell,
      of: (contestant) => summaries.get(contestant) ?? null,
      contestants: cell.contestants.map(({ name }) => name),
    });
  }
  return results;
}

export interface StudyCell {
  readonly minutes: number;
  readonly power: number;
  readonly failed?: number;
  /** Least possible minutes, and those of its engine for independent errors. */
  readonly limit?: number;
  readonly independent?: number;
  /** Minutes with a margin of 10 %. */
  readonly margin10?: number;
}

/** What the design study's reference implementation did, 300 to 2,000 runs a cell. */
export const studied = {
  /** Percent rolled back. */
  false: (cell: string): number | null => from<number>(study.falseRollbacks, cell),
  errors: (cell: string): StudyCell | null => from<StudyCell>(study.errors, cell),
  latencyFalse: (cell: string): number | null => from<number>(study.latencyFalse, cell),
  latency: (cell: string): StudyCell | null => from<StudyCell>(study.latency, cell),
  /** Without the regression at the end of the name: false percent, and minutes by regression. */
  bursts: (cell: string) => from<{ false: number; '2x': number; '5x': number }>(study.bursts, cell),
  storms: (cell: string): number | null => from<number>(study.storms, cell),
  /** Percent rolled back by minutes of warm-up, with or without a margin of 10 %. */
  cold: (cell: string) => from<{ 0: number; 300: number }>(study.cold, cell),
} as const;

function from<T>(table: object, cell: string): T | null {
  return (table as Record<string, T>)[cell] ?? null;
}
