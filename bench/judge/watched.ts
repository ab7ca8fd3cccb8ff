import type { Results } from './results.ts';

/** Cells that a test simulates anew, a few runs each, lest the judge become slower unnoticed. */
export const watched = [
  { table: 'errors', name: '60 s, 100/s, 10%, 1%, 2x' },
  { table: 'errors', name: '60 s, 10/s, 10%, 4%, 5x' },
  { table: 'errors', name: '60 s, 1/s, 10%, 1%, total' },
  { table: 'errors', name: '60 s, 1000/s, 50%, 4%, 1.5x' },
  { table: 'errors', name: '10 s, 10/s, 10%, 1%, total' },
  { table: 'latency', name: '60 s, 100/s, 10%, load 0, +100%' },
  { table: 'latency', name: '60 s, 10/s, 50%, load 0, +20%' },
] as const;

/** Median minutes to rollback by contestant and cell. */
export type Recorded = Readonly<Record<string, Readonly<Record<string, number>>>>;

export function recordOf(results: Results): Recorded {
  const record: Record<string, Record<string, number>> = {};
  for (const { table, name } of watched) {
    const found = results[table].find(({ cell }) => cell.name === name);
    if (!found) continue;
    record[name] = {};
    for (const contestant of found.contestants) {
      const summary = contestant.startsWith('mlreg') ? found.of(contestant) : null;
      if (summary) record[name][contestant] = summary.median;
    }
  }
  return record;
}
