import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutants } from './table.ts';

const root = join(import.meta.dirname, '../..');

describe('the table of mutants keeps in step with the code', () => {
  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
    'finds the text of "%s" exactly once',
    (_name, { file, from, to, caughtBy }) => {
      expect(readFileSync(join(root, file), 'utf8').split(from)).toHaveLength(2);
      expect(to).not.toBe(from);
      for (const test of caughtBy) expect(existsSync(join(root, 'test', `${test}.test.ts`)), test).toBe(true);
    },
  );

  it('names each mutant once, and has at least 40', () => {
    const names = mutants.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(40);
  });
});
