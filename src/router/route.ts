import { parseArmTag } from '../domain/arm.ts';
import type { AnswerComparison } from '../domain/shadow.ts';
import { bucketCount } from '../domain/user-bucket.ts';
import type { AnswerContract } from '../domain/answer-contract.ts';
import type { Receipts } from '../domain/receipts.ts';
import type { Testers } from '../domain/testers.ts';
import { parseAnswerContract } from './answer-contract.ts';
import { parameterName } from './key-setting.ts';
import { parseTesters } from './testers.ts';

/** A model version and the SageMaker endpoint that serves it. */
export interface Arm {
  readonly version: string;
  readonly endpoint: string;
}

/** What `MLREG_ROUTE` holds: a Route as it is published in a Lambda version's environment. */
export interface PublishedRoute {
  readonly rollout: string;
  /** The fence under which it was published. */
  readonly token: number;
  readonly champion: Arm;
  readonly challenger?: Arm;
  /** The challenger's share of users, 0 to 100; 0 where there is none. */
  readonly percent: number;
  /** New per rollout, the same for all of it. */
  readonly salt: string;
  /**
   * `buckets-1`: the challenger has the user buckets of the lowest ranks under the salt (domain/user-bucket.ts). Absent in
   * routes that were published before: the hash of salt and id decides, so that users stay where they are.
   */
  readonly assign?: 'buckets-1';
  /** Buckets that are assigned to arms like all others, but not compared. */
  readonly aside?: readonly number[];
  /** What answers must hold; absent: anything. */
  readonly answers?: AnswerContract;
  /** Who gets the challenger whatever `percent` says, and is counted in neither arm. */
  readonly testers?: Testers;
  /** Answers carry receipts, by which feedback is counted; absent: they carry none. */
  readonly receipts?: Receipts;
  /** The challenger gets copies of `sample` per cent of the requests, by way of `function`, `NAME:ALIAS`. */
  readonly shadow?: {
    readonly sample: number;
    readonly function: string;
    readonly comparison: AnswerComparison;
  };
}

/** @throws Error that names the member which is wrong; an unknown member is wrong as well */
export function parseRoute(text: string): PublishedRoute {
  const route = members(parsed(text, 'MLREG_ROUTE'), 'MLREG_ROUTE', [
    'rollout',
    'token',
    'champion',
    'challenger',
    'percent',
    'salt',
    'assign',
    'aside',
    'answers',
    'testers',
    'receipts',
    'shadow',
  ]);
  const challenger =
    route.challenger === undefined ? undefined : arm(route.challenger, 'MLREG_ROUTE.challenger');
  const percent =
    route.percent === undefined && !challenger ? 0 : share(route.percent, 'MLREG_ROUTE.percent');
  if (!challenger && route.shadow !== undefined)
    throw new Error('MLREG_ROUTE.shadow is given, but there is no challenger');
  if (!challenger && route.testers !== undefined)
    throw new Error('MLREG_ROUTE.testers is given, but there is no challenger');
  if (!challenger && percent > 0)
    throw new Error(`MLREG_ROUTE.percent is ${percent}, but there is no challenger`);
  return {
    rollout: words(route.rollout, 'MLREG_ROUTE.rollout'),
    token: whole(route.token, 'MLREG_ROUTE.token'),
    champion: arm(route.champion, 'MLREG_ROUTE.champion'),
    percent,
    salt: route.salt === undefined && !challenger ? '' : words(route.salt, 'MLREG_ROUTE.salt'),
    ...(challenger && { challenger }),
    ...(route.assign !== undefined && { assign: assignment(route.assign) }),
    ...(route.aside !== undefined && { aside: buckets(route.aside) }),
    ...(route.answers !== undefined && {
      answers: parseAnswerContract(route.answers, 'MLREG_ROUTE.answers'),
    }),
    ...(route.testers !== undefined && {
      testers: parseTesters(route.testers, 'MLREG_ROUTE.testers'),
    }),
    ...(route.receipts !== undefined && { receipts: parseReceipts(route.receipts, 'MLREG_ROUTE.receipts') }),
    ...(route.shadow !== undefined && { shadow: shadow(route.shadow) }),
  };
}

/** What `MLREG_WEIGHTED` holds: what a router behind a weighted alias has to know beside its own version. */
export type WeightedSettings = Pick<PublishedRoute, 'answers' | 'testers' | 'challenger' | 'receipts'>;

/** @throws Error that names the member which is wrong */
export function parseWeighted(text: string): WeightedSettings {
  const what = 'MLREG_WEIGHTED';
  const { answers, testers, challenger, receipts } = members(parsed(text, what), what, [
    'answers',
    'testers',
    'challenger',
    'receipts',
  ]);
  if (testers !== undefined && challenger === undefined)
    throw new Error(`${what}.testers is given, but there is no challenger`);
  return {
    ...(answers !== undefined && { answers: parseAnswerContract(answers, `${what}.answers`) }),
    ...(testers !== undefined && { testers: parseTesters(testers, `${what}.testers`) }),
    ...(challenger !== undefined && { challenger: arm(challenger, `${what}.challenger`) }),
    ...(receipts !== undefined && { receipts: parseReceipts(receipts, `${what}.receipts`) }),
  };
}

function parseReceipts(value: unknown, what: string): Receipts {
  const { parameter, maxAgeMs } = members(value, what, ['parameter', 'maxAgeMs']);
  return {
    parameter: parameterName(words(parameter, `${what}.parameter`), `${what}.parameter`),
    maxAgeMs: whole(maxAgeMs, `${what}.maxAgeMs`),
  };
}

/** @throws Error naming `what` */
export function parseArm(
  version: unknown,
  endpoint: unknown,
  what: { version: string; endpoint: string },
): Arm {
  const name = words(endpoint, what.endpoint);
  if (!/^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$/.test(name)) {
    throw new Error(`${what.endpoint} '${name}' is no SageMaker endpoint name`);
  }
  return { version: parseArmTag(words(version, what.version), what.version), endpoint: name };
}

function arm(value: unknown, what: string): Arm {
  const { version, endpoint } = members(value, what, ['version', 'endpoint']);
  return parseArm(version, endpoint, { version: `${what}.version`, endpoint: `${what}.endpoint` });
}

function assignment(value: unknown): 'buckets-1' {
  if (value !== 'buckets-1')
    throw new Error(`MLREG_ROUTE.assign ${JSON.stringify(value)} is no assignment that this router knows`);
  return value;
}

function buckets(value: unknown): readonly number[] {
  const isBucket = (each: unknown): boolean =>
    Number.isInteger(each) && (each as number) >= 0 && (each as number) < bucketCount;
  if (!Array.isArray(value) || !value.every(isBucket))
    throw new Error(`MLREG_ROUTE.aside is no list of user buckets from 0 to ${bucketCount - 1}`);
  return value as readonly number[];
}

function shadow(value: unknown): NonNullable<PublishedRoute['shadow']> {
  const what = 'MLREG_ROUTE.shadow';
  const found = members(value, what, ['sample', 'function', 'comparison']);
  const target = words(found.function, `${what}.function`);
  if (!/^[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,128}$/.test(target))
    throw new Error(`${what}.function '${target}' is no NAME:ALIAS`);
  return {
    sample: share(found.sample, `${what}.sample`),
    function: target,
    comparison: comparison(found.comparison, `${what}.comparison`),
  };
}

function comparison(value: unknown, what: string): AnswerComparison {
  const found = members(value, what, ['class', 'score', 'scale', 'tolerance', 'ignore', 'show']);
  const path = (name: 'class' | 'score'): string | null =>
    found[name] === null ? null : words(found[name], `${what}.${name}`);
  const number = (name: 'scale' | 'tolerance'): number => {
    const given = found[name];
    if (typeof given !== 'number' || !(given >= 0 && given < Infinity))
      throw new Error(`${what}.${name} is no number from 0`);
    return given;
  };
  const list = (name: 'ignore' | 'show'): readonly string[] => {
    const given = found[name];
    if (!Array.isArray(given)) throw new Error(`${what}.${name} is no list`);
    return given.map((each, index) => words(each, `${what}.${name}[${index}]`));
  };
  return {
    class: path('class'),
    score: path('score'),
    scale: number('scale'),
    tolerance: number('tolerance'),
    ignore: list('ignore'),
    show: list('show'),
  };
}

function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${what} is not JSON`);
  }
}

function members<Name extends string>(
  value: unknown,
  what: string,
  names: readonly Name[],
): Partial<Record<Name, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is not an object`);
  const unknown = Object.keys(value).filter((key) => !(names as readonly string[]).includes(key));
  if (unknown.length > 0) throw new Error(`${what} has unknown members: ${unknown.join(', ')}`);
  return value;
}

function words(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw new Error(`${what} is missing, empty or no string`);
  return value;
}

function whole(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new Error(`${what} is no whole number from 0`);
  return value as number;
}

function share(value: unknown, what: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 100))
    throw new Error(`${what} is no number from 0 to 100`);
  return value;
}
