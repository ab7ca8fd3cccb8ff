import { describe, expect, it } from 'vitest';
import type { AnswerComparison } from '../../../../src/domain/shadow.ts';
import { compare, textOf } from '../../../../src/router/shadow/compare.ts';

const whole: AnswerComparison = {
  class: null,
  score: null,
  scale: 1,
  tolerance: 0.001,
  ignore: ['modelVersion'],
  show: [],
};
const byClass = { ...whole, class: 'top.0.id' };
const byScore = { ...whole, score: 'p', tolerance: 0.05 };
const byBoth = { ...byClass, score: 'top.0.p', tolerance: 0.05 };

const bytes = (answer: unknown): Uint8Array =>
  typeof answer === 'string' ? Buffer.from(answer) : Buffer.from(JSON.stringify(answer));
const top = (id: unknown, p?: unknown) => ({
  top: [
    { id, p },
    { id: 'z', p: 0 },
  ],
});

interface Case {
  readonly what: string;
  readonly how: AnswerComparison;
  readonly champion: unknown;
  readonly challenger: unknown;
  readonly found: object;
}

const differs = (distance: number, direction = 'other') => ({
  kind: 'compared',
  agree: false,
  distance,
  direction,
});
const agrees = (distance = 0, direction = 'other') => ({
  kind: 'compared',
  agree: true,
  distance,
  direction,
});

describe('whole answers', () => {
  it.each<Case>([
    { what: 'equal', how: whole, champion: { a: 1, b: 'x' }, challenger: { b: 'x', a: 1 }, found: agrees() },
    {
      what: 'members that are ignored, at any depth',
      how: whole,
      champion: { a: 1, modelVersion: 'v1', in: { modelVersion: 'v1' } },
      challenger: { a: 1, modelVersion: 'v2', in: {} },
      found: agrees(),
    },
    {
      what: 'floats within the tolerance',
      how: whole,
      champion: { p: 0.5 },
      challenger: { p: 0.5009 },
      found: agrees(),
    },
    {
      what: 'floats beyond it',
      how: whole,
      champion: { p: 0.5 },
      challenger: { p: 0.502 },
      found: differs(1),
    },
    {
      what: 'large numbers within the tolerance of the larger',
      how: whole,
      champion: { n: 10_000 },
      challenger: { n: 10_009 },
      found: agrees(),
    },
    {
      what: 'one value of four',
      how: whole,
      champion: { list: [1, 2, { x: 'a', y: true }] },
      challenger: { list: [1, 2, { x: 'b', y: true }] },
      found: differs(0.25),
    },
    {
      what: 'a list that is longer',
      how: whole,
      champion: [1, 2],
      challenger: [1, 2, 3, 4],
      found: differs(0.5),
    },
    { what: 'another order', how: whole, champion: ['a', 'b'], challenger: ['b', 'a'], found: differs(1) },
    {
      what: 'a tree for a value',
      how: whole,
      champion: { a: 1 },
      challenger: { a: { b: 1, c: 2 } },
      found: differs(1),
    },
    { what: 'a list for an object', how: whole, champion: {}, challenger: [], found: differs(1) },
    { what: 'null and nothing', how: whole, champion: { a: null }, challenger: {}, found: differs(1) },
    {
      what: 'a number and its text',
      how: whole,
      champion: { a: 1 },
      challenger: { a: '1' },
      found: differs(1),
    },
  ])('$what', ({ how, champion, challenger, found }) => {
    expect(compare(bytes(champion), bytes(challenger), how)).toEqual({
      ...found,
      champion: null,
      challenger: null,
    });
  });
});

describe('decisions and scores', () => {
  it.each<Case>([
    {
      what: 'the same decision, whatever stands beside it',
      how: byClass,
      champion: top('ORD', 0.1),
      challenger: top('ORD', 0.9),
      found: { ...agrees(), champion: 'ORD', challenger: 'ORD' },
    },
    {
      what: 'another decision: distance 1, and no direction',
      how: byClass,
      champion: top('ORD'),
      challenger: top('BOS'),
      found: { ...differs(1), champion: 'ORD', challenger: 'BOS' },
    },
    {
      what: 'yes for no',
      how: byClass,
      champion: top(false),
      challenger: top(true),
      found: { ...differs(1, 'up'), champion: 'false', challenger: 'true' },
    },
    {
      what: 'a smaller class',
      how: byClass,
      champion: top(3),
      challenger: top(1),
      found: { ...differs(1, 'down'), champion: '3', challenger: '1' },
    },
    {
      what: 'another decision with a higher score',
      how: byBoth,
      champion: top('ORD', 0.2),
      challenger: top('BOS', 0.45),
      found: { ...differs(0.25, 'up'), champion: 'ORD', challenger: 'BOS' },
    },
    {
      what: 'the same decision with another score: it is the decision that counts',
      how: byBoth,
      champion: top('ORD', 0.4),
      challenger: top('ORD', 0.1),
      found: { ...agrees(0.3, 'down'), champion: 'ORD', challenger: 'ORD' },
    },
    {
      what: 'another decision with about the same score',
      how: byBoth,
      champion: top('ORD', 0.2),
      challenger: top('BOS', 0.21),
      found: { ...differs(0.01), champion: 'ORD', challenger: 'BOS' },
    },
    {
      what: 'a score within the tolerance',
      how: byScore,
      champion: { p: 0.5 },
      challenger: { p: 0.54 },
      found: { ...agrees(0.04), champion: null, challenger: null },
    },
    {
      what: 'a score beyond it',
      how: byScore,
      champion: { p: 0.5 },
      challenger: { p: 0.4 },
      found: { ...differs(0.1, 'down'), champion: null, challenger: null },
    },
    {
      what: 'a distance on a scale of its own',
      how: { ...byScore, scale: 200 },
      champion: { p: 100 },
      challenger: { p: 150 },
      found: { ...differs(0.25, 'up'), champion: null, challenger: null },
    },
    {
      what: 'no distance above 1',
      how: byScore,
      champion: { p: 3 },
      challenger: { p: 9 },
      found: { ...differs(1, 'up'), champion: null, challenger: null },
    },
  ])('$what', ({ how, champion, challenger, found }) => {
    const seen = compare(bytes(champion), bytes(challenger), how);
    expect(seen).toMatchObject({
      ...found,
      distance: expect.closeTo((found as { distance: number }).distance, 12),
    });
  });
});

describe('numbers as Python prints them', () => {
  const found = (agree: boolean, distance: number, direction: 'up' | 'down' | 'other' = 'other') => ({
    kind: 'compared',
    agree,
    distance,
    direction,
  });
  it.each<Case>([
    ...['NaN', 'Infinity', '-Infinity'].map((word) => ({
      what: `${word} beside ${word}`,
      how: byScore,
      champion: `{"p": ${word}}`,
      challenger: `{"p":${word}}`,
      found: found(true, 0),
    })),
    {
      what: 'NaN beside a number',
      how: byScore,
      champion: '{"p": NaN}',
      challenger: '{"p": 0.5}',
      found: found(false, 1),
    },
    {
      what: 'a number beside infinity',
      how: byScore,
      champion: '{"p": 0.5}',
      challenger: '{"p": Infinity}',
      found: found(false, 1, 'up'),
    },
    {
      what: 'the words within whole answers',
      how: whole,
      champion: '{"a": [NaN, -Infinity], "b": "NaN, \\"Infinity"}',
      challenger: '{"a":[NaN,-Infinity],"b":"NaN, \\"Infinity"}',
      found: found(true, 0),
    },
    {
      what: 'a text that spells a number',
      how: whole,
      champion: '{"a": NaN, "b": "NaN"}',
      challenger: '{"a": "NaN", "b": NaN}',
      found: found(false, 1),
    },
    {
      what: 'NaN as the decision',
      how: { ...whole, class: 'c' },
      champion: '{"c": NaN}',
      challenger: '{"c": 1}',
      found: { ...found(false, 1), champion: 'NaN', challenger: '1' },
    },
  ])('$what', ({ how, champion, challenger, found: expected }) => {
    expect(compare(bytes(champion), bytes(challenger), how)).toMatchObject(expected);
  });
});

const noJson = { kind: 'incomparable', why: "the champion's answer is no JSON" };

describe('answers that are none', () => {
  it.each<Case>([
    {
      what: 'a challenger that answers HTML',
      how: whole,
      champion: {},
      challenger: '<html>',
      found: { kind: 'garbage', why: 'no JSON' },
    },
    {
      what: 'one that answers nothing',
      how: byClass,
      champion: top('A'),
      challenger: '',
      found: { kind: 'garbage', why: 'no JSON' },
    },
    {
      what: 'one without the decision',
      how: byClass,
      champion: top('A'),
      challenger: { top: [] },
      found: { kind: 'garbage', why: 'no class at top.0.id' },
    },
    {
      what: 'one whose score is text',
      how: byScore,
      champion: { p: 1 },
      challenger: { p: 'NaN' },
      found: { kind: 'garbage', why: 'no score at p' },
    },
    {
      what: 'one that answers null',
      how: byClass,
      champion: top('A'),
      challenger: null,
      found: { kind: 'garbage', why: 'no class at top.0.id' },
    },
    {
      what: "a champion without the decision: nobody's fault but the comparison's",
      how: byClass,
      champion: { other: 1 },
      challenger: top('A'),
      found: { kind: 'incomparable', why: "the champion's answer has no class at top.0.id" },
    },
    {
      what: 'a member of every object',
      how: { ...whole, class: 'constructor' },
      champion: {},
      challenger: {},
      found: { kind: 'incomparable' },
    },
    { what: 'a champion that answers CSV', how: byClass, champion: 'a,b', challenger: 'a,b', found: noJson },
    { what: 'another CSV', how: whole, champion: 'a,b', challenger: 'a,c', found: noJson },
    { what: 'JSON beside CSV', how: whole, champion: 'a,b', challenger: {}, found: noJson },
    { what: 'half a JSON', how: whole, champion: '{"a": NaN', challenger: '{"a": NaN', found: noJson },
  ])('$what', ({ how, champion, challenger, found }) => {
    expect(compare(bytes(champion), bytes(challenger), how)).toMatchObject(found);
  });

  it('bytes that are no text', () => {
    expect(compare(Uint8Array.of(255, 0), Uint8Array.of(255, 0), whole)).toEqual(noJson);
    expect(compare(bytes({}), Uint8Array.of(255), whole)).toEqual({ kind: 'garbage', why: 'no JSON' });
  });
});

it('what is written down of a value is short', () => {
  expect(textOf('x'.repeat(64))).toHaveLength(64);
  expect(textOf('x'.repeat(65))).toBe(`${'x'.repeat(63)}…`);
  expect(textOf(['a', 1])).toBe('["a",1]');
});
