import { dirname, relative } from 'node:path';
import { UserError } from '../domain/user-error.ts';
import { contradictions } from './contradictions.ts';
import { builtInEnvironments, uselessLocally } from './defaults.ts';
import { type Read, readDocument } from './document.ts';
import { type EnvironmentConfig, environmentConfig } from './environment.ts';
import { findConfig, noConfig } from './find.ts';
import { isSection, layerOf, merged, type RawSection, valueAt } from './layers.ts';
import { blockedBy, blockingMistakes } from './lenient.ts';
import { inOrder, type Mistake, mistakesError, pathName, schemaMistakes } from './mistakes.ts';
import { modelSchema } from './schema.ts';
import {
  layersOf,
  type Origin,
  overrides,
  type Overrides,
  settingsOf,
  type Setting,
  withFollowers,
} from './sources.ts';
import { nearest } from './suggest.ts';

export interface LoadOptions {
  readonly cwd: string;
  /** `--config`; MLREG_CONFIG, then the search upwards, where it isn't given. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: {
    readonly environment?: string | undefined;
    readonly model?: string | undefined;
    readonly region?: string | undefined;
    readonly profile?: string | undefined;
  };
  readonly readFile: (path: string) => string;
  readonly exists: (path: string) => boolean;
  /** Lets a command work by the default names alone, where a flag or MLREG_MODEL names the model. */
  readonly allowMissing?: boolean;
  /**
   * `lenient`: for commands that lead back or only look. Mistakes in settings that a rollback does not need are kept beside
   * the environment (`overlooked`), their settings have their defaults, and the file may be missing as with `allowMissing`.
   * @default 'strict'
   */
  readonly reading?: Reading;
}

export type Reading = 'strict' | 'lenient';

export interface LoadedConfig {
  /** Absolute; null where there is none. */
  readonly file: string | null;
  /** To which file names are relative: the file's, or cwd. */
  readonly directory: string;
  readonly model: string;
  /** The one that flag, MLREG_ENVIRONMENT or defaultEnvironment names. */
  readonly chosen: string;
  /** Built in or in the file. */
  readonly environmentNames: readonly string[];
  /** @throws UserError `usage` where there is no such environment */
  environment(name?: string): EnvironmentConfig;
  /**
   * Where a setting's value came from.
   * @param path as in the file: `judge.alpha` (of the chosen environment), `environments.prod.judge.alpha`, `model`
   * @returns undefined where there is no such setting
   */
  origin(path: string): Origin | undefined;
  /** Every setting of an environment with its origin, for `mlreg config show --origin`. */
  settings(name?: string): readonly Setting[];
}

/**
 * Flags go before MLREG_* variables, these before the environment's section, this before the top level, this before the
 * machine's AWS_* variables, and these before defaults.
 * @throws UserError `usage` with all mistakes of the file at once, or where there is no file; in a lenient reading with those
 * that a rollback can't do with
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const { cwd, env, flags, exists } = options;
  const isLenient = options.reading === 'lenient';
  const places = { cwd, file: options.file ?? filled(env['MLREG_CONFIG']), exists };
  const path = findConfig(places);
  const given = overrides(flags, env);
  const mayMiss = options.allowMissing === true || isLenient;
  if (path === undefined && !(mayMiss && given.model)) throw noConfig(places, isLenient);
  const file = path === undefined ? null : { path, shown: relative(cwd, path), ...checked(path, options) };
  const raw = file?.raw ?? {};
  const mistakes = inOrder(file?.mistakes ?? []);
  const ofWhole = mistakes.filter(
    ({ path: at }) => (at === 'model' && !given.model) || (at === 'defaultEnvironment' && !given.environment),
  );
  if (file !== null && ofWhole.length > 0) throw blockedBy(file.shown, ofWhole);
  const model = given.model ? checkedModel(given.model) : String(raw['model']);
  const directory = path === undefined ? cwd : dirname(path);
  const names = environmentNames(raw);
  const chosen = given.environment?.value ?? textOf(raw['defaultEnvironment']) ?? 'dev';

  const known = (name: string): string => {
    if (names.includes(name)) return name;
    const likely = nearest(name, names);
    throw new UserError('usage', `there is no environment '${name}'`, {
      why: `there are ${names.join(', ')}${path === undefined ? '' : ` in ${relative(cwd, path)}`}`,
      mend: likely === undefined ? [] : `--environment ${likely}`,
    });
  };
  /** @throws UserError where a mistake of the file may change what would be moved */
  const sure = (name: string): string => {
    const settingsGiven = given.settings
      .filter(({ strength }) => strength === 'above the file')
      .map(({ setting }) => setting);
    const blocking = blockingMistakes(mistakes, { name, rest: raw, given: settingsGiven });
    if (file !== null && blocking.length > 0) throw blockedBy(file.shown, blocking);
    return known(name);
  };
  const overlooked = isLenient ? { overlooked: { file: file?.shown ?? null, mistakes } } : {};
  const layers = (name: string) => layersOf({ raw, name, model, overrides: given.settings });
  const settings = (name = chosen): readonly Setting[] => {
    const where = { file: file?.shown ?? '', position: file?.read.position };
    return [
      { path: 'model', value: model, origin: given.model?.origin ?? at(where, ['model']) },
      ...settingsOf(layers(known(name)), where).filter(
        ({ path }) => name !== 'local' || !(path in uselessLocally),
      ),
    ];
  };
  const environments = new Map<string, EnvironmentConfig>();
  return {
    file: path ?? null,
    directory,
    model,
    chosen,
    environmentNames: names,
    environment(name = chosen) {
      const made = environments.get(name) ?? {
        ...environmentConfig(withFollowers(merged(layers(sure(name)))), { name, model, directory }),
        ...overlooked,
      };
      environments.set(name, made);
      return made;
    },
    settings,
    origin(asked) {
      const [, name, rest] = /^environments\.([^.]+)\.(.+)$/.exec(asked) ?? [];
      if (name !== undefined && !names.includes(name)) return undefined;
      if (asked === 'environment') return given.environment?.origin ?? this.origin('defaultEnvironment');
      if (asked === 'defaultEnvironment') {
        const said = raw['defaultEnvironment'] !== undefined;
        return said
          ? at({ file: file?.shown ?? '', position: file?.read.position }, [asked])
          : { kind: 'default' };
      }
      return settings(name).find((setting) => setting.path === (rest ?? asked))?.origin;
    },
  };
}

/** All that is wrong with the text of an mlreg.yaml, in no order. For editors and `-o json`. */
export function configMistakes(text: string, directory: string): readonly Mistake[] {
  return examined(text, directory).mistakes;
}

function checked(
  path: string,
  { cwd, readFile, reading }: LoadOptions,
): { readonly raw: RawSection; readonly read: Read; readonly mistakes: readonly Mistake[] } {
  const shown = relative(cwd, path);
  let text: string;
  try {
    text = readFile(path);
  } catch (cause) {
    const code = (cause as { code?: unknown } | null)?.code;
    throw new UserError('usage', `${shown} can't be read${typeof code === 'string' ? ` (${code})` : ''}`, {
      cause,
    });
  }
  const { read, mistakes, rest } = examined(text, dirname(path));
  if (mistakes.length === 0) return { raw: read.raw, read, mistakes };
  if (reading !== 'lenient') throw mistakesError(shown, mistakes);
  if (rest === undefined) throw blockedBy(shown, mistakes);
  return { raw: rest, read, mistakes };
}

function examined(
  text: string,
  directory: string,
): {
  readonly read: Read;
  readonly mistakes: readonly Mistake[];
  /** The file without what the schema refuses; undefined where there is too much wrong to say what is left. */
  readonly rest: RawSection | undefined;
} {
  const read = readDocument(text);
  const ofText = read.mistakes.map(({ at, path, sentence }) => ({ ...at, path: pathName(path), sentence }));
  if (read.unusable) return { read, mistakes: ofText, rest: undefined };
  const { mistakes, rest } = schemaMistakes(read);
  const ofMeaning = rest === undefined ? [] : meaningMistakes(rest, read, directory);
  return { read, mistakes: [...ofText, ...mistakes, ...ofMeaning], rest };
}

/** What only shows when the sections are seen together. `rest` is right as far as the schema goes. */
function meaningMistakes(rest: RawSection, read: Read, directory: string): readonly Mistake[] {
  const found = new Map<string, Mistake>();
  const add = (path: readonly string[], sentence: string, of: 'key' | 'value' = 'value'): void => {
    const mistake = { ...read.position(path, of), path: pathName(path), sentence };
    const key = `${mistake.path} ${sentence}`;
    if (!found.has(key)) found.set(key, mistake);
  };
  const names = environmentNames(rest);
  const preferred = textOf(rest['defaultEnvironment']);
  if (preferred !== undefined && !names.includes(preferred)) {
    const likely = nearest(preferred, names);
    const mend = likely === undefined ? `there are ${names.join(', ')}` : `did you mean ${likely}?`;
    add(['defaultEnvironment'], `there is no environment '${preferred}': ${mend}`);
  }
  for (const [key, why] of Object.entries(uselessLocally)) {
    const path = ['environments', 'local', key];
    const value = valueAt(rest, path);
    if (value !== undefined && value !== null) add(path, `${why}: take this line away`, 'key');
  }
  if (names.length > mostEnvironments) {
    add(['environments'], `there are ${names.length}: mlreg takes at most ${mostEnvironments}`, 'key');
    return [...found.values()];
  }
  const model = textOf(rest['model']) ?? 'model';
  for (const name of names) {
    const layers = layersOf({ raw: rest, name, model, overrides: [] });
    const environment = environmentConfig(withFollowers(merged(layers)), { name, model, directory });
    for (const { paths, sentence } of contradictions(environment)) {
      for (const path of paths) {
        const from = layerOf(layers, path)?.from;
        if (from?.kind !== 'file') continue;
        add([...from.prefix, ...path], sentence);
        break;
      }
    }
  }
  return [...found.values()];
}

const mostEnvironments = 100;

function environmentNames(raw: RawSection): readonly string[] {
  const written = isSection(raw['environments']) ? Object.keys(raw['environments']) : [];
  return [...new Set([...builtInEnvironments, ...written])];
}

function checkedModel({ value, origin }: NonNullable<Overrides['model']>): string {
  if (modelSchema.safeParse(value).success) return value;
  const name = origin.kind === 'default' ? 'model' : origin.name;
  throw new UserError('usage', `${name}: '${value}' is not the name of a model`, {
    mend: `${name}${name.startsWith('--') ? ' ' : '='}recommendation`,
    why: 'a name is at most 32 letters, digits and inner hyphens',
  });
}

function at(
  where: { readonly file: string; readonly position: Read['position'] | undefined },
  path: readonly string[],
): Origin {
  return where.position
    ? { kind: 'file', file: where.file, ...where.position(path, 'value') }
    : { kind: 'default' };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function filled(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
