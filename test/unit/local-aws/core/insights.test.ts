import { describe, expect, it } from 'vitest';
import { parseQuery } from '../../../../src/local-aws/core/insights/query.ts';

const lines = [
  { at: 1_000, message: '{"a":1,"kind":"x","nested":{"b":5},"text":"say \\"hi\\""}' },
  { at: 2_000, message: '2026-11-30T00:00:00Z\tid\tINFO\t{"a":2,"kind":"x"}' },
  { at: 3_000, message: '{"a":"2","kind":"y"}' },
  { at: 4_000, message: 'no JSON' },
  { at: 5_000, message: '{"kind":"y","isSlow":true}' },
];
const run = (text: string) =>
  parseQuery(text)
    .run(lines)
    .rows.map((row) => Object.fromEntries(row.map(({ field, value }) => [field, value])));

describe('counting by Logs Insights', () => {
  const counted: readonly [query: string, rows: readonly object[]][] = [
    ['stats count(*) as n', [{ n: '5' }]],
    ['filter ispresent(a) | stats count(*) as n', [{ n: '3' }]],
    ['filter kind = "x" and a > 1 | stats count(*) as n', [{ n: '1' }]],
    ['filter kind = "x" or not ispresent(kind) | stats count(*) as n', [{ n: '3' }]],
    ['filter `nested.b` >= 5 | stats count(*) as n', [{ n: '1' }]],
    ['filter nested.b >= 5 | stats count(*) as n', [{ n: '1' }]],
    ['filter @timestamp < 3000 | stats count(*) as n', [{ n: '2' }]],
    ['filter text = "say \\"hi\\"" | stats count(*) as n', [{ n: '1' }]],
    ['filter (a + 1) * 2 = 6 | stats count(*) as n', [{ n: '1' }]],
    ['fields least(1, floor(a / 2)) as over | stats sum(over) as n', [{ n: '1' }]],
    [
      'filter ispresent(kind) | stats count(*) as n, sum(a) as s, count(a) as c by kind',
      [
        { kind: 'x', n: '2', s: '3', c: '2' },
        { kind: 'y', n: '2', c: '1' },
      ],
    ],
    ['filter a > 100 | stats count(*) as n by kind', []],
  ];
  it.each(counted)('%s', (text, rows) => {
    expect(run(text)).toEqual(rows);
  });

  it.each([
    'fields a',
    'stats avg(a) as m',
    'stats count(*) as n | limit 3',
    'filter a > | stats count(*) as n',
    'filter unknown(a) | stats count(*) as n',
    'sort a | stats count(*) as n',
    'filter a ~ 3 | stats count(*) as n',
  ])('refuses what it does not understand: %s', (text) => {
    expect(() => parseQuery(text)).toThrow('could not be read');
  });
});
