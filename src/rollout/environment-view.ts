import type { Stamp } from '../domain/journal.ts';
import { type AliasView, type Platform, PlatformError, type StageView } from '../ports/platform.ts';

/** The alias that carries traffic at rest, and the one to which a stage may be swapped. */
export interface AliasNames {
  readonly alias: string;
  /** null, or absent: there is none. */
  readonly green?: string | null | undefined;
}

export interface NamedAlias {
  readonly name: string;
  readonly view: AliasView;
}

/** Both aliases as they were read. */
export interface AliasesView {
  readonly main: NamedAlias;
  /** null: none is configured. The error: it is not there, or can't be read. */
  readonly green: NamedAlias | PlatformError | null;
}

/** All that serves, and all that carries an ownership marker, read once. */
export interface EnvironmentView extends AliasesView {
  /** null: none is configured. The error: it is not there, or can't be read. */
  readonly stage: StageView | PlatformError | null;
  /** The alias that users reach: the one that the stage names, or the main one where it names none that can be read. */
  readonly reached: NamedAlias;
}

/** A marker, or its absence, and where that is. */
export interface FoundMarker {
  /** `alias live`, or `the stage`. */
  readonly where: string;
  readonly stamp: Stamp | undefined;
  readonly description: string;
  /** Its seq is no place in a journal: gc numbers its swaps of the stage by what it finds there. */
  readonly isNumberedApart?: true;
}

/**
 * @param main the main alias, where it has just been read
 * @throws PlatformError where the main alias can't be read
 */
export async function readAliases(
  platform: Pick<Platform, 'readAlias'>,
  { alias, green = null }: AliasNames,
  main?: AliasView,
): Promise<AliasesView> {
  const [first, second] = await Promise.all([
    main ?? platform.readAlias(alias),
    green === null || green === alias ? null : orWhy(platform.readAlias(green)),
  ]);
  const named =
    second === null || second instanceof PlatformError ? second : { name: green ?? '', view: second };
  return { main: { name: alias, view: first }, green: named };
}

/** The same with the stage. @throws PlatformError where the main alias can't be read */
export async function readEnvironment(
  platform: Pick<Platform, 'readAlias' | 'readStage'>,
  names: AliasNames,
  main?: AliasView,
): Promise<EnvironmentView> {
  const hasStage = (names.green ?? null) !== null;
  const [aliases, stage] = await Promise.all([
    readAliases(platform, names, main),
    hasStage ? orWhy(platform.readStage()) : null,
  ]);
  return { ...aliases, stage, reached: await reachedBy(platform, aliases, stage) };
}

async function reachedBy(
  platform: Pick<Platform, 'readAlias'>,
  { main, green }: AliasesView,
  stage: EnvironmentView['stage'],
): Promise<NamedAlias> {
  const name = stage === null || stage instanceof PlatformError ? undefined : stage.alias;
  if (name === undefined || name === main.name) return main;
  if (green !== null && !(green instanceof PlatformError) && green.name === name) return green;
  const view = await orWhy(platform.readAlias(name));
  return view instanceof PlatformError ? main : { name, view };
}

/** Those that could be read, the main one first. */
export const aliasesIn = ({ main, green }: AliasesView): readonly NamedAlias[] => [
  main,
  ...(green === null || green instanceof PlatformError ? [] : [green]),
];

/** Whether it may be there, and can't be read. */
export const isUnread = (found: unknown): found is PlatformError =>
  found instanceof PlatformError && found.failure.kind !== 'missing';

/** Every place of an environment that carries a marker, the main alias first. */
export function markersIn({ stage, ...aliases }: EnvironmentView): readonly FoundMarker[] {
  return [
    ...aliasesIn(aliases).map(({ name, view }) => ({ where: `alias ${name}`, ...view })),
    ...(stage === null || stage instanceof PlatformError
      ? []
      : [{ where: 'the stage', stamp: stage.stamp, description: '', isNumberedApart: true as const }]),
  ];
}

async function orWhy<T>(read: Promise<T>): Promise<T | PlatformError> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof PlatformError) return error;
    throw error;
  }
}
