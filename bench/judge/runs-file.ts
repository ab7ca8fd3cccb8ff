import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcomes } from './simulate.ts';

export interface CellRuns {
  readonly table: string;
  readonly cell: string;
  readonly outcomes: Readonly<Record<string, Outcomes>>;
}

/** Runs of several calls, one file each, put together: `first` numbers the runs, so that none is counted twice. */
export function readRuns(dir: string): ReadonlyMap<string, Record<string, Outcomes>> {
  const all = new Map<string, Record<string, Outcomes>>();
  for (const file of readdirSync(dir).filter((name) => name.endsWith('.json'))) {
    const chunk = JSON.parse(readFileSync(join(dir, file), 'utf8')) as readonly CellRuns[];
    for (const { table, cell, outcomes } of chunk) {
      const into = all.get(`${table}: ${cell}`) ?? {};
      all.set(`${table}: ${cell}`, into);
      for (const [name, { at, failed, served }] of Object.entries(outcomes)) {
        const one = (into[name] ??= { at: [], failed: [], served: [] });
        one.at.push(...at);
        one.failed.push(...failed);
        one.served.push(...served);
      }
    }
  }
  return all;
}

export function writeRuns(dir: string, table: string, first: number, cells: readonly CellRuns[]): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, `${table}-${first}.json`), JSON.stringify(cells));
}
