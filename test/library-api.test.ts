import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** What a program may import from `mlreg`. A name that goes, or changes, breaks programs: that is a new major version. */
describe('the public names', () => {
  const text = (file: string): string => readFileSync(join(import.meta.dirname, '../src', file), 'utf8');

  it('are these', () => {
    const index = text('index.ts');
    const values = [...index.matchAll(/^export const (\w+)/gm)].map(([, name]) => name);
    const [, listed = ''] = /^export type \{([^}]*)\}/m.exec(index) ?? [];
    const types = listed.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
    expect({ values, types }).toMatchInlineSnapshot(`
      {
        "types": [
          "AbortOptions",
          "Answer",
          "ConnectOptions",
          "Environment",
          "MoveResult",
          "PlannedRollout",
          "RollbackOptions",
          "RolloutEvent",
          "RolloutRequest",
          "StartOptions",
          "StartResult",
          "Status",
        ],
        "values": [
          "connect",
          "plan",
          "start",
          "status",
          "abort",
          "rollback",
        ],
      }
    `);
    // Nothing else, and nothing by `export *`.
    expect(index.match(/^export /gm)).toHaveLength(values.length + 2);
  });

  it('have these shapes', () => {
    const shapes = text('library/types.ts').replaceAll(/\/\*\*[\s\S]*?\*\/\n?/g, '');
    expect(shapes).toMatchSnapshot();
  });

  it('rest on no other file than the errors', () => {
    expect(text('library/types.ts')).not.toMatch(/^import /m);
    expect(text('domain/user-error.ts')).not.toMatch(/^import /m);
  });
});
