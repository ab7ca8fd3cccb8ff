/** A section as people write it: settings, and sections below. Null: not said. */
export interface RawSection {
  readonly [key: string]: unknown;
}

/** Where settings come from; the first layer that has one gives it. */
export interface Layer<From> {
  readonly from: From;
  readonly section: RawSection;
}

/** One section out of many. Sections are merged, all else (lists too) is replaced whole. */
export function merged(layers: readonly Layer<unknown>[]): Record<string, unknown> {
  return layers.reduceRight<Record<string, unknown>>((below, layer) => over(layer.section, below), {});
}

/** The first layer that has a setting at the path. */
export function layerOf<From>(
  layers: readonly Layer<From>[],
  path: readonly string[],
): Layer<From> | undefined {
  return layers.find((layer) => {
    const value = valueAt(layer.section, path);
    return value !== undefined && value !== null;
  });
}

export function valueAt(section: unknown, path: readonly PropertyKey[]): unknown {
  let value = section;
  for (const key of path) {
    if (!isSection(value) && !Array.isArray(value)) return undefined;
    value = Object.hasOwn(value, key) ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }
  return value;
}

/** A copy without what stands at the path. */
export function without(section: RawSection, path: readonly PropertyKey[]): RawSection {
  const [key, ...rest] = path;
  if (key === undefined || !Object.hasOwn(section, key)) return section;
  const { [String(key)]: value, ...others } = section;
  return rest.length > 0 && isSection(value)
    ? { ...others, [String(key)]: without(value, rest) }
    : rest.length > 0
      ? section
      : others;
}

/** All settings with their paths; an empty section has none. */
export function leaves(
  section: RawSection,
  at: readonly string[] = [],
): readonly (readonly [path: string[], value: unknown])[] {
  return Object.entries(section).flatMap(([key, value]) =>
    isSection(value) ? leaves(value, [...at, key]) : [[[...at, key], value] as const],
  );
}

export function isSection(value: unknown): value is RawSection {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `String` of what YAML has for scalars. */
export function scalarText(value: unknown): string {
  return typeof value === 'string'
    ? value
    : typeof value === 'object'
      ? JSON.stringify(value)
      : `${value as number | boolean}`;
}

function over(above: RawSection, below: Record<string, unknown>): Record<string, unknown> {
  const result = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined || (value === null && Object.hasOwn(result, key))) continue;
    const under = result[key];
    result[key] = isSection(value) ? over(value, isSection(under) ? under : {}) : value;
  }
  return result;
}
