import { expect, test } from 'vitest';
import { load, mistakesIn } from './loading.ts';

const inModel = (lines: string): string => `model: recommendation\n${lines}`;

test.each<readonly [string, string]>([
  ['a key written twice', inModel('routing: sticky\nrouting: weighted\n')],
  ['a key written twice, deep', inModel('environments:\n  prod: { approvals: 1, approvals: 2 }\n')],
  ['a tab', inModel('guardrails:\n\terrorRate: 5%\n')],
  ['an open quote', inModel("routing: 'sticky\n")],
  ['an open bracket', inModel('guardrails: { errorRate: 5%\n')],
  ['wrong indentation', inModel('guardrails:\n    errorRate: 5%\n  throttleRate: 5%\n')],
  ['two documents', 'model: a\n---\nmodel: b\n'],
  ['an alias without an anchor', inModel('guardrails: *usual\n')],
  ['a tag', inModel('routing: !secret sticky\n')],
  ['a tag of the language', inModel('routing: !!binary c3RpY2t5\n')],
  ['YAML 1.1', '%YAML 1.1\n---\nmodel: recommendation\n'],
  ['a merge key', inModel('environments:\n  dev: &usual { approvals: 1 }\n  prod: { <<: *usual }\n')],
  ['a map as a key of a map as a key', `${'{'.repeat(50)}\n`],
  ['a key that is a list', inModel('[a, b]: 1\n')],
  ['__proto__ at the top', inModel('__proto__: { routing: weighted }\n')],
  ['__proto__ in a map of free keys', inModel('environments: { __proto__: { approvals: 0 } }\n')],
  ['__proto__ among variables', inModel('sagemaker: { environment: { "__proto__": x, constructor: y } }\n')],
  ['constructor', inModel('judge: { constructor: { prototype: { alpha: 1 } } }\n')],
])('%s', (_, text) => {
  expect(mistakesIn(text).join('\n')).toMatchSnapshot();
});

test('no key reaches the prototype of anything', () => {
  mistakesIn(
    inModel(
      '__proto__: { polluted: 1 }\nenvironments: { __proto__: { polluted: 1 }, constructor: { prototype: { polluted: 1 } } }\n',
    ),
  );
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('aliases that multiply are refused, and soon', () => {
  const level = (name: string, below: string): string =>
    `${name}: &${name} [${Array(9).fill(`*${below}`).join(', ')}]\n`;
  const bomb = `a: &a [x]\n${level('b', 'a')}${level('c', 'b')}${level('d', 'c')}${level('e', 'd')}${level('f', 'e')}${level('g', 'f')}`;
  expect(mistakesIn(bomb)).toEqual([
    'mlreg.yaml:1:1 its aliases (*name) expand to too much: write the values out',
  ]);
});

test('an alias of itself is no endless loop', () => {
  expect(mistakesIn(inModel('guardrails: &g { errorRate: *g }\n'))).toEqual([
    'mlreg.yaml:2:29 guardrails.errorRate: expected a share such as 5% or 0.05, or off, got keys and values',
  ]);
});

test.each([
  ['lists', '['.repeat(5_000)],
  ['lists that close', `a: ${'['.repeat(40)}${']'.repeat(40)}\n`],
  ['maps', Array.from({ length: 40 }, (_, i) => `${' '.repeat(i)}k:\n`).join('')],
])('nesting without end is refused: %s', (_, text) => {
  expect(mistakesIn(text).join()).toContain('is nested too deeply');
});

test('a file far larger than any configuration is refused', () => {
  expect(mistakesIn(inModel(`# ${'x'.repeat(70_000)}\n`))).toEqual([
    'mlreg.yaml:1:1 is longer than 65536 characters',
  ]);
});

test('an honest alias is followed, and its values are found where they stand', () => {
  const text = inModel(
    'environments:\n  dev: { guardrails: &usual { errorRate: 2% } }\n  prod: { guardrails: *usual }\n',
  );
  expect(load(text).environment('prod').guardrails.errorRate).toBe(0.02);
  expect(load(text).origin('environments.prod.guardrails.errorRate')).toMatchObject({ line: 3, column: 42 });
});

test.each([
  ['CRLF', 'model: recommendation\r\nrouting: weighted\r\n'],
  ['a byte order mark', '\ufeffmodel: recommendation\nrouting: weighted\n'],
  ['JSON', '{"model": "recommendation", "routing": "weighted"}'],
  ['a document mark', '---\nmodel: recommendation\nrouting: weighted\n...\n'],
])('%s is read', (_, text) => {
  expect(load(text).environment('dev')).toMatchObject({ model: 'recommendation', routing: 'weighted' });
});

test('sections with nothing below them are as if left out', () => {
  const text = inModel('guardrails:\nenvironments:\n  dev:\n  prod:\n    judge:\n');
  expect(load(text).environment('prod')).toEqual(load(inModel('')).environment('prod'));
});
