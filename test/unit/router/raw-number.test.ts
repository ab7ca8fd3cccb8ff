import { describe, expect, it } from 'vitest';
import { rawNumberAt } from '../../../src/router/raw-number.ts';

describe('rawNumberAt', () => {
  const cases: readonly [text: string, path: string, digits: string | undefined][] = [
    ['{"userId":12}', 'userId', '12'],
    ['{"userId":9007199254740993}', 'userId', '9007199254740993'],
    ['{"userId":-0}', 'userId', '-0'],
    ['{"userId":1.0}', 'userId', '1.0'],
    ['{"userId":1e21 }', 'userId', '1e21'],
    [' { "a" : [1,{"userId":2}] , "userId" :\n 3 } ', 'userId', '3'],
    ['{"userId":"12"}', 'userId', undefined],
    ['{"a":"\\"userId\\":7","userId":8}', 'userId', '8'],
    ['{"a":"}\\\\","userId":8}', 'userId', '8'],
    ['{"a":{"userId":7},"userId":8}', 'userId', '8'],
    ['{"userId":8,"a":{"userId":7}}', 'userId', '8'],
    ['{"userId":1,"userId":2}', 'userId', '2'],
    ['{"user\\u0049d":9007199254740993}', 'userId', '9007199254740993'],
    ['{"user":{"x":[],"y":{},"id":5}}', 'user.id', '5'],
    ['{"user":{"id":5},"user":{"id":6}}', 'user.id', '6'],
    ['{"user":[{"id":5}]}', 'user.id', undefined],
    ['{"a":true,"b":null,"c":[[],[{}]],"d":"","userId":4}', 'userId', '4'],
    ['{}', 'userId', undefined],
    ['[1]', 'userId', undefined],
    ['7', 'userId', undefined],
  ];
  it.each(cases)('%s, %s: %s', (text, path, digits) => {
    expect(rawNumberAt(text, path.split('.'))).toBe(digits);
  });

  it('finds what JSON.parse finds, wherever the member stands', () => {
    const values = [
      0,
      12,
      -3.5,
      1e-7,
      'x',
      '\\"',
      '{',
      null,
      true,
      [],
      [1, [2]],
      { a: 1 },
      { b: { c: '}' } },
    ];
    for (let at = 0; at < values.length; at++) {
      const object = Object.fromEntries(values.map((value, i) => [i === at ? 'userId' : `m${i}`, value]));
      const expected = typeof values[at] === 'number' ? values[at] : undefined;
      for (const text of [JSON.stringify(object), JSON.stringify(object, null, 2)]) {
        const found = rawNumberAt(text, ['userId']);
        expect(found === undefined ? undefined : Number(found), text).toBe(expected);
      }
    }
  });
});
