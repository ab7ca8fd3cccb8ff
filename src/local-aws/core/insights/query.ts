import { type Expression, type Fields, parseExpression, type Value } from './expression.ts';
import { malformed, type Tokens, tokensOf } from './tokens.ts';

export interface LogLine {
  readonly at: number;
  readonly message: string;
}

export type Row = readonly { readonly field: string; readonly value: string }[];

/** A query that was understood. */
export interface Query {
  /** Rows in no order, and how many lines came through the filters. */
  run(lines: Iterable<LogLine>): { readonly rows: readonly Row[]; readonly matched: number };
}

type Step =
  | { readonly kind: 'filter'; readonly keeps: Expression }
  | { readonly kind: 'fields'; readonly name: string; readonly of: Expression };

interface Aggregate {
  readonly name: string;
  readonly kind: 'count' | 'sum';
  /** Undefined: every line, `count(*)`. */
  readonly of: Expression | undefined;
}

/**
 * The part of Logs Insights QL that counts: `filter`, `fields ... as name`, and one `stats` by fields at the end.
 * Source: CloudWatch Logs User Guide, "CloudWatch Logs Insights language query syntax".
 * @throws AwsError MalformedQueryException, also for what local AWS does not understand
 */
export function parseQuery(text: string): Query {
  const steps: Step[] = [];
  let stats: { readonly aggregates: readonly Aggregate[]; readonly by: readonly string[] } | undefined;
  for (const command of text.split('|')) {
    const tokens = tokensOf(command);
    if (stats !== undefined) throw malformed('local AWS knows no command behind stats');
    if (tokens.takeWord('filter')) steps.push({ kind: 'filter', keeps: parseExpression(tokens) });
    else if (tokens.takeWord('fields')) steps.push(...fieldsOf(tokens));
    else if (tokens.takeWord('stats')) stats = statsOf(tokens);
    else throw malformed(`local AWS does not know the command ${command.trim()}`);
    if (!tokens.isAtEnd()) throw malformed(`there is more than one command in ${command.trim()}`);
  }
  if (stats === undefined) throw malformed('local AWS only counts: it needs stats');
  const { aggregates, by } = stats;
  return {
    run(lines) {
      const groups = new Map<
        string,
        { readonly keys: readonly string[]; readonly sums: (number | undefined)[] }
      >();
      let matched = 0;
      for (const line of lines) {
        const fields = through(steps, fieldsOfLine(line));
        if (fields === undefined) continue;
        matched++;
        const keys = by.map((name) => String(fields(name) ?? ''));
        const key = JSON.stringify(keys);
        let group = groups.get(key);
        if (group === undefined) groups.set(key, (group = { keys, sums: aggregates.map(() => undefined) }));
        for (const [i, { kind, of }] of aggregates.entries()) {
          const value = of === undefined ? 1 : of(fields);
          const one = kind === 'count' ? (value === undefined ? undefined : 1) : value;
          if (typeof one === 'number') group.sums[i] = (group.sums[i] ?? 0) + one;
        }
      }
      const rows = [...groups.values()].map(({ keys, sums }) => [
        ...by.map((field, i) => ({ field, value: keys[i] ?? '' })),
        // A sum of nothing is not there, rather than 0.
        ...aggregates.flatMap(({ name }, i) =>
          sums[i] === undefined ? [] : [{ field: name, value: String(sums[i]) }],
        ),
      ]);
      return { rows, matched };
    },
  };
}

function fieldsOf(tokens: Tokens): Step[] {
  const steps: Step[] = [];
  do {
    const of = parseExpression(tokens);
    if (!tokens.takeWord('as')) throw malformed('local AWS wants every field of fields named by as');
    steps.push({ kind: 'fields', name: nameOf(tokens), of });
  } while (tokens.take(','));
  return steps;
}

function statsOf(tokens: Tokens): {
  readonly aggregates: readonly Aggregate[];
  readonly by: readonly string[];
} {
  const aggregates: Aggregate[] = [];
  do {
    const kind = nameOf(tokens);
    if (kind !== 'count' && kind !== 'sum') throw malformed(`local AWS does not aggregate by ${kind}`);
    tokens.expect('(');
    const of = tokens.take('*') ? undefined : parseExpression(tokens);
    tokens.expect(')');
    if (!tokens.takeWord('as')) throw malformed('local AWS wants every aggregate named by as');
    aggregates.push({ kind, of, name: nameOf(tokens) });
  } while (tokens.take(','));
  const by: string[] = [];
  if (tokens.takeWord('by')) {
    do by.push(nameOf(tokens));
    while (tokens.take(','));
  }
  return { aggregates, by };
}

function nameOf(tokens: Tokens): string {
  const token = tokens.next();
  if (token.kind !== 'name') throw malformed(`'${token.text}' is no name`);
  return token.text;
}

/** Undefined where a filter keeps the line out. */
function through(steps: readonly Step[], line: Fields): Fields | undefined {
  const made = new Map<string, Value>();
  const fields: Fields = (name) => (made.has(name) ? made.get(name) : line(name));
  for (const step of steps) {
    if (step.kind === 'fields') made.set(step.name, step.of(fields));
    else if (step.keeps(fields) !== true) return undefined;
  }
  return fields;
}

/** Insights discovers the members of the first JSON object in a line, nested ones by their path. */
function fieldsOfLine({ at, message }: LogLine): Fields {
  let parsed: unknown;
  let isParsed = false;
  return (name) => {
    if (name === '@timestamp') return at;
    if (name === '@message') return message;
    if (!isParsed) parsed = objectIn(message);
    isParsed = true;
    let found = parsed;
    for (const member of name.split('.')) {
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, member)) return undefined;
      found = (found as Readonly<Record<string, unknown>>)[member];
    }
    return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean'
      ? found
      : undefined;
  };
}

function objectIn(message: string): unknown {
  const start = message.indexOf('{');
  if (start < 0) return undefined;
  try {
    return JSON.parse(message.slice(start));
  } catch {
    return undefined;
  }
}
