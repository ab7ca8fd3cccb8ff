import type * as z from 'zod';
import { oneLine } from '../domain/one-line.ts';

export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly sentence: string;
}

const arm = '{"requests":900,"errors":3,"throttles":0,"latency":{"le":[50,100,250],"count":[700,150,40,10]}}';
const examples = {
  header: '{"format":"mlreg-observations/1","tickSeconds":10}',
  tick: `{"at":"2026-01-01T00:00:10Z","plannedPercent":10,"champion":${arm},"challenger":{"requests":100,"errors":0}}`,
} as const;

const aCount = 'a number from 0 up';
const anArm = 'an arm such as {"requests":900,"errors":3}, or null';

/** What belongs under a key, for `expected ...`. */
const expected: Readonly<Record<string, string>> = {
  format: '"mlreg-observations/1"',
  tickSeconds: "a tick's length in seconds, above 0",
  at: 'the end of the tick with its zone, as "2026-01-01T00:00:10Z"',
  plannedPercent: "the challenger's planned share, from 0 to 100",
  champion: anArm,
  challenger: anArm,
  requests: aCount,
  errors: aCount,
  throttles: aCount,
  meanLatencyMs: 'milliseconds from 0 up',
  endpointErrors: aCount,
  latency: '{"le":[50,100,250],"count":[700,150,40,10]}',
  le: 'growing milliseconds above 0, as [50,100,250]',
  count: 'numbers from 0 up, one more than le has',
  straddlesChange: 'true or false',
  strata: '{"requests":[...],"errors":[...]} of 16 numbers each',
  aside: '{"requests":30,"errors":2}',
  anonymous: '{"requests":30,"errors":2}',
  buckets:
    'lists of the same length: id, requests, errors, slow50, slow95, slow99; where there are any also refused',
  quiet: 'true, or nothing',
  late: '[{"at":"2026-01-01T00:00:10Z","plannedPercent":10,"champion":{"requests":0,"errors":0},"challenger":{"requests":30,"errors":2}}]',
  beside: '{"requests":900,"errors":3}, or null',
  bucketsUnread: 'why no counts by user bucket were read, as text',
  salt: "the rollout's salt, as mlreg show ROLLOUT --observations writes it",
  rollout: "a rollout's id",
  policy: "a plan's policy, as mlreg show ROLLOUT --observations writes it",
  bakes: "a plan's bakes, as mlreg show ROLLOUT --observations writes them",
};

/** What the schema found, in its order. */
export function problemsOf(error: z.ZodError): readonly Problem[] {
  return error.issues.flatMap((issue): readonly Problem[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: [...issue.path, key], sentence: 'unknown key: take it away' }))
      : [{ path: issue.path, sentence: '' }],
  );
}

/** The problems in words, and a line to write instead. Numbers of an array are told by their array's name. */
export function writeInstead(
  problems: readonly Problem[],
  value: unknown,
  kind: 'header' | 'tick',
): { readonly sentences: readonly string[]; readonly mend: string } {
  const what = kind === 'header' ? 'the first line' : 'a tick';
  const sentences = problems.slice(0, 10).map(({ path, sentence }) => {
    const name = pathText(path);
    const words = sentence === '' ? `expected ${expectedAt(path, what)}, got ${got(value, path)}` : sentence;
    return name === '' ? `${kind === 'header' ? `${what} ` : ''}${words}` : `${name}: ${words}`;
  });
  return { sentences, mend: examples[kind] };
}

/** `challenger.latency.count[3]`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (name, key) =>
      typeof key === 'number'
        ? `${name}[${key}]`
        : `${name}${name === '' ? '' : '.'}${oneLine(String(key), 48)}`,
    '',
  );
}

export function expectedAt(path: readonly PropertyKey[], whole: string): string {
  const key = path.findLast((part) => typeof part === 'string');
  if (key === undefined) return `${whole} as a JSON object`;
  const inside = path.at(0) === 'policy' || path.at(0) === 'bakes' ? path.at(0) : key;
  return expected[String(inside)] ?? 'another value';
}

function got(value: unknown, path: readonly PropertyKey[]): string {
  const there = path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
  if (there === undefined) return 'nothing';
  return oneLine(JSON.stringify(there), 48);
}
