import { UserError } from '../domain/user-error.ts';
import { accountSettings, uselessLocally } from './defaults.ts';
import { type RawSection, valueAt } from './layers.ts';
import { type Mistake, mistakeLines } from './mistakes.ts';
import { nearest } from './suggest.ts';

/** Mistakes of mlreg.yaml that a lenient reading passed over. */
export interface Overlooked {
  /** The file as people are shown it; null: there is none. */
  readonly file: string | null;
  /** In the file's order. */
  readonly mistakes: readonly Mistake[];
}

/**
 * What a rollback must know of an environment: where it is, under which names, and how the function routes. A wrong guess at
 * one of these would move the users of something else.
 */
const neededKeys: readonly (readonly string[])[] = [
  ['region'],
  ['profile'],
  ['assumeRole'],
  ['account'],
  ['endpointUrl'],
  ['routing'],
  ['table'],
  ['lambda', 'function'],
  ['lambda', 'alias'],
  ['lambda', 'green'],
  ['api', 'id'],
  ['api', 'name'],
  ['api', 'stage'],
];

/** Of these names an unknown key is more likely one in the wrong place than one of another mlreg version. */
const tellingNames = new Set(['region', 'profile', 'assumeRole', 'account', 'table', 'function', 'alias']);

export interface Asked {
  /** The environment. */
  readonly name: string;
  /** The file without its mistakes. */
  readonly rest: RawSection;
  /** Settings that a flag or an MLREG_* variable gives. */
  readonly given: readonly string[];
}

/** The mistakes that may change where a rollback of this environment would act, or what it would move. */
export function blockingMistakes(mistakes: readonly Mistake[], asked: Asked): readonly Mistake[] {
  const { name } = asked;
  const own = ['environments', name];
  const keys = neededKeys.filter((key) => name !== 'local' || !(String(key[0]) in uselessLocally));
  const isTopOnly = (key: readonly string[]): boolean =>
    name === 'local' && accountSettings.some((setting) => setting.join('.') === key.join('.'));
  const places = [
    ...keys.filter((key) => !isTopOnly(key)).map((key) => ({ at: key, key })),
    ...keys.map((key) => ({ at: [...own, ...key], key })),
  ];
  return mistakes.filter(({ path, isUnknownKey }) =>
    isUnknownKey === true
      ? mayMean(path, places, own.join('.'))
      : places.some(({ at, key }) => touches(path, at.join('.')) && !isReplaced(path, { at, key }, asked)),
  );
}

/** `a.b` touches `a.b`, `a.b.c` and `a`, in which it lies. */
export const touches = (one: string, other: string): boolean =>
  one === other || lies(one, other) || lies(other, one);

const lies = (inner: string, outer: string): boolean =>
  inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);

/** Where in the file a needed setting may stand. */
interface Place {
  readonly at: readonly string[];
  readonly key: readonly string[];
}

/** A stronger place says it rightly: what is wrong here would not be used. */
function isReplaced(path: string, { at, key }: Place, { name, rest, given }: Asked): boolean {
  const whole = at.join('.');
  if (path !== whole) return false;
  if (given.includes(key.join('.'))) return true;
  const above = valueAt(rest, ['environments', name, ...key]);
  return at[0] !== 'environments' && above !== undefined && above !== null;
}

/** Whether an unknown key was meant to be a needed one: misspelt, or in the wrong place. */
function mayMean(path: string, places: readonly Place[], own: string): boolean {
  const cut = path.lastIndexOf('.');
  const [section, word] = [path.slice(0, Math.max(0, cut)), path.slice(cut + 1)];
  const siblings = places
    .filter(({ at }) => at.slice(0, -1).join('.') === section)
    .map(({ at }) => at.at(-1) ?? '');
  const sections = places.flatMap(({ at, key }) =>
    key.length > 1 && at.slice(0, -2).join('.') === section ? [at.at(-2) ?? ''] : [],
  );
  const outermost = section === '' ? ['model', 'environments', 'defaultEnvironment'] : [];
  const meant = nearest(word, [...siblings, ...sections, ...outermost]);
  // A longer word that begins alike, such as apiKeys, is another one.
  if (meant !== undefined && Math.abs(meant.length - word.length) <= 2) return true;
  const isHere = section === '' || !lies(section, 'environments') || touches(section, own);
  return isHere && tellingNames.has(word);
}

/** @returns the one error for a rollback that can't be told where to act; it names these mistakes and no others */
export function blockedBy(file: string, mistakes: readonly Mistake[]): UserError {
  return new UserError('usage', mistakeLines(file, mistakes), {
    why: 'without this setting mlreg can not tell whose users it would move; nothing was changed',
    mend: [
      `correct it in ${file}`,
      `git show HEAD:./${file} > mlreg.good.yaml, then the same command with --config mlreg.good.yaml`,
    ],
  });
}

/**
 * For what is built or put on trial, which takes more settings than a move does.
 * @param sections of mlreg.yaml, such as `sagemaker`
 * @throws UserError usage, where a mistake in one of them was overlooked
 */
export function refuseMistakesIn(
  { name, overlooked }: { readonly name: string; readonly overlooked?: Overlooked | undefined },
  sections: readonly string[],
  what: string,
): void {
  const found = mistakesIn({ name, overlooked }, sections);
  if (found.length === 0) return;
  const file = overlooked?.file ?? 'mlreg.yaml';
  throw new UserError('usage', mistakeLines(file, found), {
    why: `${what} needs ${found.length === 1 ? 'this setting' : 'these settings'}; nothing was changed`,
    mend: `correct ${found.length === 1 ? 'it' : 'them'} in ${file}, then the same command`,
  });
}

/** The overlooked mistakes in these sections, of the top level and of the environment itself. */
export const mistakesIn = (
  { name, overlooked }: { readonly name: string; readonly overlooked?: Overlooked | undefined },
  sections: readonly string[],
): readonly Mistake[] =>
  (overlooked?.mistakes ?? []).filter(({ path }) =>
    sections.some((section) => touches(path, section) || touches(path, `environments.${name}.${section}`)),
  );
