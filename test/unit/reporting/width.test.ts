import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { createOutput, table } from '../../../src/reporting/output.ts';
import { cutTo, padTo, widthOf, wrapTo } from '../../../src/reporting/width.ts';

const plain = new Chalk({ level: 0 });
const red = new Chalk({ level: 1 }).red;

it.each<[string, number]>([
  ['', 0],
  ['abc', 3],
  ['日本語', 6],
  ['e\u0301', 1],
  ['a\u200bb', 2],
  ['👍', 2],
  [red('日本'), 4],
  ['✔ ● ○ ▸', 7],
])('%j takes %i columns', (text, width) => {
  expect(widthOf(text)).toBe(width);
  expect(widthOf(padTo(text, 10))).toBe(10);
});

it.each([1, 2, 3, 4, 7, 40])('is cut to %i columns, wide letters and colours too', (columns) => {
  for (const text of ['plain text that is long', '日本語日本語日本語日本語', red('coloured and long text')])
    expect(widthOf(cutTo(text, columns))).toBeLessThanOrEqual(columns);
});

describe('a text of many lines', () => {
  const text = `champion  v2.2.0  since 2025-06-15T15:06:40.000Z, promoted by canary\n  try  mlreg deploy --model-version VERSION --environment dev\narn:aws:iam::123456789012:role/${'x'.repeat(90)}\n日本語日本語日本語日本語日本語日本語日本語日本語`;
  it.each([40, 60, 80, 100])('is no wider than %i columns, and loses nothing', (columns) => {
    const wrapped = wrapTo(text, columns);
    expect(wrapped.split('\n').filter((line) => widthOf(line) > columns)).toEqual([]);
    expect(wrapped.replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
  });

  it('goes on below its text', () => {
    expect(wrapTo('champion  v2.2.0 since today, promoted by canary and more', 40)).toBe(
      'champion  v2.2.0 since today, promoted by\n          canary and more'.replace(
        ' by\n          ',
        '\n          by ',
      ),
    );
  });
});

describe('a table', () => {
  const rows = [
    ['v2.3.0', '日本', 'a reason\nof two lines\twith a tab, which is long enough to be wrapped below itself'],
    ['v2.2.0', 'x', 'short'],
  ];
  it.each([40, 60, 80, Infinity])('is no wider than %s columns', (columns) => {
    const text = table(['VERSION', 'NAME', 'WHY'], rows, plain, columns);
    expect(text.split('\n').filter((line) => widthOf(line) > columns)).toEqual([]);
    expect(text).toMatchSnapshot();
  });

  it('becomes cards where its columns have no room', () => {
    const wide = ['2025-06-15T15:06:40Z', '2025-06-15T15:06:41Z', 'why'];
    expect(table(['BEGAN', 'ENDED', 'WHY'], [wide], plain, 40)).toBe(
      'BEGAN  2025-06-15T15:06:40Z\nENDED  2025-06-15T15:06:41Z\nWHY    why',
    );
  });
});

it.each([
  [true, 40],
  [false, Infinity],
])('an answer is wrapped at a terminal alone: %s', (isTerminal, columns) => {
  let written = '';
  const write = (text: string): void => void (written += text);
  const output = createOutput(
    { stdout: write, stderr: write, stdoutIsTerminal: isTerminal, stderrIsTerminal: isTerminal, columns: 40 },
    {},
    { mode: 'text', quiet: false, color: false },
  );
  output.answer({}, () => 'word '.repeat(30));
  output.say('word '.repeat(30));
  expect([Math.max(...written.split('\n').map(widthOf)) <= columns, output.columns]).toEqual([true, columns]);
});
