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

/** All that carries an ownership marker, read once. */
export interface MarkersView {
  readonly main: NamedAlias;
  /** null: none is configured. The error: it is not there, or can't be read. */
  readonly green: NamedAlias | PlatformError | null;
  /** null: none is configured, or it was not asked, because an alias carries a marker. The error: as of green. */
  readonly stage: StageView | PlatformError | null;
}

/** The same with what users reach: the stage was asked where one is configured. */
export interface EnvironmentView extends MarkersView {
  /** The alias that the stage names, or the main one where it names none that can be read. */
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

type Reads = Pick<Platform, 'readAlias' | 'readStage'>;

/**
 * Reads both aliases at once. The stage is asked only where neither carries a marker, for a rollback waits for this.
 * @param known the main alias, where it has just been read
 * @throws PlatformError where the main alias can't be read
 */
export async function readMarkers(
  platform: Reads,
  { alias, green: other = null }: AliasNames,
  known?: AliasView,
): Promise<MarkersView> {
  const isPair = other !== null && other !== alias;
  const [view, second] = await Promise.all([
    known ?? orWhy(platform.readAlias(alias)),
    isPair ? orWhy(platform.readAlias(other)) : null,
  ]);
  if (view instanceof PlatformError) throw view;
  const green =
    second === null || second instanceof PlatformError ? second : { name: other ?? '', view: second };
  const main = { name: alias, view };
  const isMarked = aliasesIn({ main, green }).some((one) => one.view.stamp !== undefined);
  return { main, green, stage: isMarked || !isPair ? null : await orWhy(platform.readStage()) };
}

/** @throws PlatformError where the main alias can't be read */
export async function readEnvironment(platform: Reads, names: AliasNames): Promise<EnvironmentView> {
  return withStage(platform, await readMarkers(platform, names));
}

/** What users reach, as far as the stage says. */
export async function withStage(platform: Reads, view: MarkersView): Promise<EnvironmentView> {
  const { main, green } = view;
  if (green === null) return { ...view, reached: main };
  const stage = view.stage ?? (await orWhy(platform.readStage()));
  const name = stage instanceof PlatformError ? undefined : stage.alias;
  return { ...view, stage, reached: await reachedBy(platform, view, name ?? main.name) };
}

async function reachedBy(platform: Reads, { main, ...view }: MarkersView, name: string): Promise<NamedAlias> {
  const known = aliasesIn({ main, ...view }).find((one) => one.name === name);
  if (known !== undefined) return known;
  const found = await orWhy(platform.readAlias(name));
  return found instanceof PlatformError ? main : { name, view: found };
}

/** Those that could be read, the main one first. */
export const aliasesIn = ({ main, green }: Pick<MarkersView, 'main' | 'green'>): readonly NamedAlias[] => [
  main,
  ...(green === null || green instanceof PlatformError ? [] : [green]),
];

/** Whether it may be there, and can't be read. */
export const isUnread = (found: unknown): found is PlatformError =>
  found instanceof PlatformError && found.failure.kind !== 'missing';

/** Every place of an environment that carries a marker, the main alias first. */
export function markersIn({ stage, ...aliases }: MarkersView): readonly FoundMarker[] {
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
