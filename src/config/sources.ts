import type * as z from 'zod';
import { UserError } from '../domain/user-error.ts';
import { accountSettings, defaultsOf, localSettings } from './defaults.ts';
import type { Read } from './document.ts';
import {
  isSection,
  type Layer,
  layerOf,
  leaves,
  merged,
  scalarText,
  type RawSection,
  valueAt,
  without,
} from './layers.ts';
import { leafNotes } from './leaves.ts';
import { pathName } from './mistakes.ts';
import { environmentSchema } from './schema.ts';

/** Where a value came from. */
export type Origin =
  | { readonly kind: 'flag' /** `--region` */; readonly name: string }
  | { readonly kind: 'variable' /** `MLREG_REGION` */; readonly name: string }
  | {
      readonly kind: 'file' /** Relative to cwd. */;
      readonly file: string;
      readonly line: number;
      readonly column: number;
    }
  | { readonly kind: 'default' };

export interface Setting {
  /** Under its name in mlreg.yaml, without `environments.NAME`. */
  readonly path: string;
  /** As people write it; `none` where there is none. */
  readonly value: string;
  readonly origin: Origin;
}

/** A value given from outside the file. */
export interface Given {
  readonly value: string;
  readonly origin: Exclude<Origin, { readonly kind: 'file' }>;
}

export interface Overrides {
  readonly model: Given | undefined;
  readonly environment: Given | undefined;
  readonly settings: readonly GivenSetting[];
}

interface GivenSetting extends Given {
  readonly setting: 'region' | 'profile';
  /** The machine's AWS settings go after the file, which knows better where `prod` is. */
  readonly strength: 'above the file' | 'below the file';
}

/** The first of flag and variable that is given. An empty variable is none; an empty flag is a mistake, not a default. */
export function overrides(
  flags: Readonly<Partial<Record<'environment' | 'model' | 'region' | 'profile', string | undefined>>>,
  env: Readonly<Record<string, string | undefined>>,
): Overrides {
  const variable = (name: string): Given | undefined => {
    const value = env[name];
    return value === undefined || value === '' ? undefined : { value, origin: { kind: 'variable', name } };
  };
  const given = (name: 'environment' | 'model' | 'region' | 'profile'): Given | undefined => {
    const value = flags[name];
    if (value !== undefined) return { value, origin: { kind: 'flag', name: `--${name}` } };
    return variable(`MLREG_${name.toUpperCase()}`);
  };
  const settings: GivenSetting[] = [];
  for (const setting of ['region', 'profile'] as const) {
    const above = given(setting);
    if (above) settings.push({ ...above, setting, strength: 'above the file' });
    const below =
      setting === 'profile'
        ? variable('AWS_PROFILE')
        : (variable('AWS_REGION') ?? variable('AWS_DEFAULT_REGION'));
    if (below) settings.push({ ...below, setting, strength: 'below the file' });
  }
  return { model: given('model'), environment: given('environment'), settings };
}

/** `file` layers say where in the file their section begins. */
export type From =
  | Exclude<Origin, { readonly kind: 'file' }>
  | { readonly kind: 'file'; readonly prefix: readonly string[] };

/**
 * An environment's layers, strongest first. `local` takes nothing from the machine's AWS settings, and its own times go
 * before the top level's, which are meant for AWS.
 * @throws UserError `usage` where a value from outside the file is wrong
 */
export function layersOf({
  raw,
  name,
  model,
  overrides: given,
}: {
  readonly raw: RawSection;
  readonly name: string;
  readonly model: string;
  readonly overrides: readonly GivenSetting[];
}): readonly Layer<From>[] {
  const written = valueAt(raw, ['environments', name]);
  const own: Layer<From> = {
    from: { kind: 'file', prefix: ['environments', name] },
    section: isSection(written) ? written : {},
  };
  const { model: _model, environments: _environments, defaultEnvironment: _default, ...shared } = raw;
  const top: Layer<From> = { from: { kind: 'file', prefix: [] }, section: shared };
  const defaults: Layer<From> = { from: { kind: 'default' }, section: defaultsOf(name, model) };
  if (name === 'local') {
    const section = accountSettings.reduce(without, top.section);
    return [own, { from: { kind: 'default' }, section: localSettings() }, { ...top, section }, defaults];
  }
  const outside = (strength: GivenSetting['strength']): readonly Layer<From>[] =>
    given
      .filter((one) => one.strength === strength)
      .map((one) => ({ from: one.origin, section: { [one.setting]: checkedValue(one) } }));
  return [...outside('above the file'), own, top, ...outside('below the file'), defaults];
}

/** Settings that follow another one where nobody set them. */
export function withFollowers(raw: RawSection): RawSection {
  const unset = (path: readonly string[]): boolean => (valueAt(raw, path) ?? null) === null;
  const { strategies } = raw as { readonly strategies: { readonly blueGreen: RawSection } };
  const followers: readonly (readonly [path: readonly string[], section: RawSection])[] = [
    [['onInterrupt'], { onInterrupt: raw['protected'] === true ? 'rollback' : 'hold' }],
    [
      ['strategies', 'blueGreen', 'finalBake'],
      { strategies: { blueGreen: { finalBake: strategies.blueGreen['bake'] } } },
    ],
    [
      ['strategies', 'blueGreen', 'retireAfter'],
      { strategies: { blueGreen: { retireAfter: raw['keepPrevious'] } } },
    ],
  ];
  const followed = followers
    .filter(([path]) => unset(path))
    .map(([, section]) => ({ from: 'followed', section }));
  return merged([...followed, { from: 'set', section: raw }]);
}

export function settingsOf(
  layers: readonly Layer<From>[],
  where: { readonly file: string; readonly position: Read['position'] | undefined },
): readonly Setting[] {
  return leaves(withFollowers(merged(layers))).map(([path, value]) => ({
    path: pathName(path),
    value: written(path, value),
    origin: originOf(layerOf(layers, path)?.from, path),
  }));

  function originOf(from: From | undefined, path: readonly string[]): Origin {
    if (from?.kind !== 'file') return from ?? { kind: 'default' };
    const position = where.position?.([...from.prefix, ...path], 'value') ?? { line: 1, column: 1 };
    return { kind: 'file', file: where.file, ...position };
  }
}

/** `flag --region`, `MLREG_REGION`, `mlreg.yaml:12:5`, `default`. */
export function formatOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'flag':
      return `flag ${origin.name}`;
    case 'variable':
      return origin.name;
    case 'file':
      return `${origin.file}:${origin.line}:${origin.column}`;
    case 'default':
      return 'default';
  }
}

function checkedValue({ value, setting, origin }: GivenSetting): string {
  const schema: z.ZodType = environmentSchema.shape[setting];
  if (schema.safeParse(value).success) return value;
  const expected = leafNotes.get(environmentSchema.shape[setting].unwrap())?.expected ?? setting;
  const name = origin.kind === 'default' ? setting : origin.name;
  throw new UserError('usage', `${name}: expected ${expected}, got '${value}'`);
}

/** A model server's variables are shown, but for those whose names say that they are secret. */
function written(path: readonly string[], value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (path[1] === 'environment' && /key|token|secret|password|credential/i.test(path.at(-1) ?? ''))
    return '(not shown)';
  // Users' ids are of people.
  if (path[0] === 'testers' && path[1] === 'users' && Array.isArray(value) && value.length > 0)
    return `(${value.length} not shown)`;
  return Array.isArray(value) ? `[${value.join(', ')}]` : scalarText(value);
}
