import type { Tokens } from './tokens.ts';

export type Value = string | number | boolean | undefined;
export type Fields = (name: string) => Value;
export type Expression = (fields: Fields) => Value;

/** Logs Insights' expressions as far as counting needs them: comparisons, and/or/not, arithmetic, numeric functions. */
export function parseExpression(tokens: Tokens): Expression {
  return or(tokens);
}

function or(tokens: Tokens): Expression {
  let left = and(tokens);
  while (tokens.takeWord('or')) {
    const [one, other] = [left, and(tokens)];
    left = (fields) => one(fields) === true || other(fields) === true;
  }
  return left;
}

function and(tokens: Tokens): Expression {
  let left = not(tokens);
  while (tokens.takeWord('and')) {
    const [one, other] = [left, not(tokens)];
    left = (fields) => one(fields) === true && other(fields) === true;
  }
  return left;
}

function not(tokens: Tokens): Expression {
  if (!tokens.takeWord('not')) return comparison(tokens);
  const inner = not(tokens);
  return (fields) => inner(fields) !== true;
}

const comparisons: Readonly<Record<string, (a: string | number, b: string | number) => boolean>> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function comparison(tokens: Tokens): Expression {
  const left = sum(tokens);
  const sign = tokens.takeOf(Object.keys(comparisons));
  const compare = sign === undefined ? undefined : comparisons[sign];
  if (compare === undefined) return left;
  const right = sum(tokens);
  return (fields) => {
    const [a, b] = [left(fields), right(fields)];
    // A field that is not there is neither more nor less than anything.
    if (a === undefined || b === undefined || typeof a === 'boolean' || typeof b === 'boolean') return false;
    if (typeof a === typeof b) return compare(a, b);
    // A number in quotes is one; other text is neither more nor less than a number.
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? sign === '!=' : compare(x, y);
  };
}

function sum(tokens: Tokens): Expression {
  let left = product(tokens);
  for (let sign = tokens.takeOf(['+', '-']); sign !== undefined; sign = tokens.takeOf(['+', '-'])) {
    const [one, other, by] = [left, product(tokens), sign === '+' ? 1 : -1];
    left = (fields) => numeric([one(fields), other(fields)], ([a = 0, b = 0]) => a + by * b);
  }
  return left;
}

function product(tokens: Tokens): Expression {
  let left = primary(tokens);
  for (let sign = tokens.takeOf(['*', '/']); sign !== undefined; sign = tokens.takeOf(['*', '/'])) {
    const [one, other, divides] = [left, primary(tokens), sign === '/'];
    left = (fields) => numeric([one(fields), other(fields)], ([a = 0, b = 0]) => (divides ? a / b : a * b));
  }
  return left;
}

const functions: Readonly<Record<string, (values: readonly number[]) => number>> = {
  abs: ([a = 0]) => Math.abs(a),
  ceil: ([a = 0]) => Math.ceil(a),
  floor: ([a = 0]) => Math.floor(a),
  least: (values) => Math.min(...values),
  greatest: (values) => Math.max(...values),
  sqrt: ([a = 0]) => Math.sqrt(a),
};

function primary(tokens: Tokens): Expression {
  if (tokens.take('(')) {
    const inner = or(tokens);
    tokens.expect(')');
    return inner;
  }
  const token = tokens.next();
  switch (token.kind) {
    case 'number':
      return () => token.value;
    case 'string':
      return () => token.text;
    case 'sign':
      throw tokens.malformed(`'${token.text}' is no value`);
    case 'name':
      return !token.isQuoted && tokens.take('(') ? call(tokens, token.text) : (fields) => fields(token.text);
  }
}

function call(tokens: Tokens, name: string): Expression {
  const given: Expression[] = [];
  if (!tokens.take(')')) {
    do given.push(or(tokens));
    while (tokens.take(','));
    tokens.expect(')');
  }
  if (name === 'ispresent') return (fields) => given.every((each) => each(fields) !== undefined);
  const known = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (known === undefined || given.length === 0) throw tokens.malformed(`local AWS has no function ${name}`);
  return (fields) =>
    numeric(
      given.map((each) => each(fields)),
      known,
    );
}

/** Nothing where any part is no number. */
function numeric(values: readonly Value[], of: (numbers: readonly number[]) => number): number | undefined {
  return values.every((value) => typeof value === 'number') ? of(values) : undefined;
}
