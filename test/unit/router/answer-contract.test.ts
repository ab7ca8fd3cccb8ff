import { describe, expect, it } from 'vitest';
import type { AnswerContract } from '../../../src/domain/answer-contract.ts';
import { acceptsJson, createAnswerCheck, parseAnswerContract } from '../../../src/router/answer-contract.ts';
import { answered, post, rig, route, stickyEnv, weightedEnv } from './harness.ts';

const of = (text: string, contentType = 'application/json') => ({
  body: new TextEncoder().encode(text),
  contentType,
});
const brokenBy = (contract: AnswerContract, text: string, contentType?: string): string | undefined =>
  createAnswerCheck(contract)(of(text, contentType), undefined).broken;

describe('an answer breaks a contract', () => {
  const fine = '{"items":[{"id":"a","score":0.5}],"class":"A","on":true}';
  it.each<[what: string, contract: AnswerContract, text: string, broken: string | undefined]>([
    ['of nothing: never', {}, '<html>', undefined],
    ['JSON, and it is', { json: 'always' }, fine, undefined],
    ['JSON, and it is null', { json: 'always' }, 'null', undefined],
    ['JSON, and it is empty', { json: 'always' }, '', 'not JSON'],
    ['JSON, and it is a page', { json: 'always' }, '<html>', 'not JSON'],
    ['JSON, and it is cut off', { json: 'always' }, fine.slice(0, -1), 'not JSON'],
    ['JSON, and it holds NaN', { json: 'always' }, '{"score":NaN}', 'not JSON'],
    [
      'an error that is there',
      { errors: ['/error'] },
      '{"error":"CUDA out of memory"}',
      'an error at /error',
    ],
    ['an error that is an object', { errors: ['/error'] }, '{"error":{}}', 'an error at /error'],
    ['an error that is null', { errors: ['/error'] }, '{"error":null}', undefined],
    ['an error that is false', { errors: ['/error'] }, '{"error":false}', undefined],
    ['an error that is empty', { errors: ['/error'] }, '{"error":""}', undefined],
    ['an error, but it is no JSON', { errors: ['/error'] }, 'error', undefined],
    ['an error one level down', { errors: ['/a/b'] }, '{"a":{"b":1}}', 'an error at /a/b'],
    ['of several errors the second', { errors: ['/e', '/f'] }, '{"f":1}', 'an error at /f'],
    ['members that are there', { members: { '/class': 'string', '/on': 'boolean' } }, fine, undefined],
    ['a member in a list', { members: { '/items/0/score': 'number' } }, fine, undefined],
    ['a list', { members: { '/items': 'array', '/items/0': 'object' } }, fine, undefined],
    ['a member that is missing', { members: { '/score': 'number' } }, fine, 'no number at /score'],
    ['a member of another type', { members: { '/class': 'number' } }, fine, 'no number at /class'],
    ['a list for an object', { members: { '/items': 'object' } }, fine, 'no object at /items'],
    ['a null for anything', { members: { '/class': 'any' } }, '{"class":null}', 'no value at /class'],
    [
      'a list’s length, which is no member',
      { members: { '/items/length': 'any' } },
      fine,
      'no value at /items/length',
    ],
    ['what every object inherits', { members: { '/constructor': 'any' } }, fine, 'no value at /constructor'],
    ['members in what is no JSON', { members: { '/class': 'any' } }, 'A', 'not JSON'],
    ['a name with a slash and a tilde', { members: { '/a~1b~0c': 'any' } }, '{"a/b~c":1}', undefined],
    ['a size that is kept', { maxBytes: 2 }, '{}', undefined],
    ['a size that is not', { maxBytes: 2 }, '{ }', '3 bytes, more than 2'],
  ])('%s', (_what, contract, text, broken) => {
    expect(brokenBy(contract, text)).toBe(broken);
  });

  it.each([
    ['application/json', undefined],
    ['Application/JSON; charset=utf-8', undefined],
    ['text/html', 'not application/json'],
  ])('by the type %s: %s', (type, broken) => {
    expect(brokenBy({ contentType: 'application/json' }, '{}', type)).toBe(broken);
  });

  it('in bytes that are no text', () => {
    const answer = { body: new Uint8Array([0x22, 0xff, 0x22]), contentType: 'application/json' };
    expect(createAnswerCheck({ json: 'always' })(answer, undefined)).toEqual({
      isJson: false,
      broken: 'not JSON',
    });
  });

  it('in a large answer only where that is demanded, for its caller waits', () => {
    const large = of(`<${'x'.repeat(256 * 1024)}`);
    for (const json of ['asked', 'seen', undefined] as const)
      expect(createAnswerCheck(json && { json })(large, undefined)).toEqual({
        isJson: undefined,
        broken: undefined,
      });
    expect(createAnswerCheck({ json: 'always' })(large, undefined).broken).toBe('not JSON');
    expect(createAnswerCheck({ errors: ['/error'], json: 'asked' })(large, undefined).broken).toBe(
      'not JSON',
    );
    expect(createAnswerCheck({ maxBytes: 9 })(large, undefined).broken).toBe('262145 bytes, more than 9');
  });

  it('only where JSON was asked for, unless it is demanded of all', () => {
    const csv = of('1,2', 'text/csv');
    expect(createAnswerCheck({ json: 'asked' })(csv, 'text/csv')).toEqual({
      isJson: undefined,
      broken: undefined,
    });
    expect(createAnswerCheck({ json: 'asked' })(csv, 'application/json')).toEqual({
      isJson: false,
      broken: 'not JSON',
    });
    expect(createAnswerCheck({ json: 'always' })(csv, 'text/csv').broken).toBe('not JSON');
  });
});

describe('JSON as the champion’s answers are seen to be', () => {
  const json = of('{}');
  const page = of('<html>');
  const seen = (n: number) => {
    const check = createAnswerCheck({ json: 'seen' });
    for (let i = 0; i < n; i++) check(json, undefined, 'champion');
    return check;
  };
  it('is demanded of the challenger from the tenth on', () => {
    expect(seen(9)(page, undefined, 'challenger').broken).toBeUndefined();
    expect(seen(10)(page, undefined, 'challenger').broken).toBe('not JSON');
    expect(seen(10)(json, undefined, 'challenger').broken).toBeUndefined();
    expect(seen(10)(page, 'text/html', 'challenger').broken).toBeUndefined();
  });
  it('is never demanded of the champion, nor after an answer of it that is none', () => {
    const check = seen(10);
    expect(check(page, undefined, 'champion').broken).toBeUndefined();
    expect(check(page, undefined, 'challenger').broken).toBeUndefined();
  });
  it('is not learnt of callers who asked for something else', () => {
    const check = createAnswerCheck({ json: 'seen' });
    for (let i = 0; i < 20; i++) check(json, 'text/csv', 'champion');
    expect(check(page, undefined, 'challenger').broken).toBeUndefined();
  });
});

it.each([
  [undefined, true],
  ['*/*', true],
  ['text/csv', false],
  ['text/csv, application/json;q=0.5', true],
  ['application/vnd.api+json', true],
  ['application/*', true],
  ['image/png, text/plain', false],
])('a caller who accepts %s asks for JSON: %s', (accept, asks) => {
  expect(acceptsJson(accept)).toBe(asks);
});

describe('a contract in a route', () => {
  it('is read as it was written', () => {
    const contract = {
      json: 'asked',
      contentType: 'application/json',
      members: { '/a': 'any' },
      errors: ['/error'],
      maxBytes: 100,
    };
    expect(parseAnswerContract(contract, 'it')).toEqual(contract);
  });
  it.each([
    ['a type that nobody knows', { members: { '/a': 'date' } }, 'it.members'],
    ['a member that is no pointer', { members: { a: 'any' } }, 'it.members'],
    ['an error that is no pointer', { errors: ['error'] }, 'it.errors'],
    ['a half escape', { errors: ['/a~2'] }, 'it.errors'],
    ['no size', { maxBytes: 0 }, 'it.maxBytes'],
    ['a type with parameters', { contentType: 'text/html; charset=utf-8' }, 'it.contentType'],
    ['json as a word', { json: 'yes' }, 'it.json'],
    ['a later member', { schema: {} }, 'it.schema'],
    ['what every object inherits', { toString: 1 }, 'it.toString'],
  ])('with %s is refused', (_what, contract, name) => {
    expect(() => parseAnswerContract(contract, 'it')).toThrow(`${name} is none that this router knows`);
  });
});

describe('an answer that breaks the contract', () => {
  const said = '{"error":"CUDA out of memory"}';
  const answers: AnswerContract = { errors: ['/error'] };
  const places = {
    sticky: { ...stickyEnv, MLREG_ROUTE: JSON.stringify({ ...route, answers }) },
    weighted: { ...weightedEnv, MLREG_WEIGHTED: JSON.stringify({ answers }) },
  };
  it.each(Object.entries(places))(
    'counts as failed, and reaches its caller unchanged: %s',
    async (_, env) => {
      const given = async (of: typeof env) => {
        const { handler, lines } = rig({ env: of, answer: () => answered(said) });
        return {
          answer: await handler(post({ userId: 'u-13' })),
          line: JSON.parse(lines[0]!),
          text: lines.join(),
        };
      };
      const { MLREG_WEIGHTED: _none, ...without } = { MLREG_WEIGHTED: '', ...env };
      const plain = await given({
        ...without,
        ...('MLREG_ROUTE' in env && { MLREG_ROUTE: JSON.stringify(route) }),
      } as typeof env);
      const { answer, line, text } = await given(env);
      expect(answer).toEqual(plain.answer);
      expect(answer).toMatchObject({ statusCode: 200, body: said });
      expect(plain.line).toMatchObject({ Errors: 0, NotJson: 0 });
      expect(line).toMatchObject({
        Requests: 1,
        Errors: 1,
        NotJson: 0,
        failure: 'contract',
        detail: 'an error at /error',
      });
      expect(line.Latency, 'an error is no fast answer').toBeUndefined();
      expect(text).not.toContain('CUDA');
    },
  );

  it('is told from JSON without a contract, so that the next plan knows', async () => {
    const { handler, lines } = rig({ answer: () => answered('', 'application/json') });
    await handler(post({ userId: 'u-13' }));
    await handler(post({ userId: 'u-13' }, { headers: { accept: 'text/csv' } }));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ Errors: 0, NotJson: 1 }, { Errors: 0 }]);
    expect(lines[1]).not.toContain('NotJson');
  });

  it('in a route that this router does not understand is answered by nothing but 500', async () => {
    const env = { ...weightedEnv, MLREG_WEIGHTED: '{"answers":{"schema":{}}}' };
    const { handler, lines } = rig({ env });
    expect(await handler(post({}))).toMatchObject({ statusCode: 500 });
    expect(lines.join()).toContain('MLREG_WEIGHTED.answers.schema is none that this router knows');
  });
});
