import * as z from 'zod';
import { type LeafNote, leafNotes } from './leaves.ts';

export type Path = readonly PropertyKey[];

/** What the schema has at a path: a section with fixed keys, a map with free ones, or a setting. */
export type Place =
  | { readonly kind: 'section'; readonly keys: readonly string[] }
  | { readonly kind: 'map' }
  /** `depth`: how many of the path's keys lead to the setting; further ones lie inside it. */
  | { readonly kind: 'leaf'; readonly note: LeafNote; readonly depth: number }
  | { readonly kind: 'nowhere' };

export function placeAt(root: z.ZodType, path: Path): Place {
  let schema: z.core.$ZodType = root;
  for (let depth = 0; ; depth++) {
    const { note, bare } = unwrap(schema);
    if (note) return { kind: 'leaf', note, depth };
    const key = path[depth];
    if (bare instanceof z.ZodObject) {
      if (key === undefined) return { kind: 'section', keys: Object.keys(bare.shape) };
      const next: unknown = Object.hasOwn(bare.shape, key) ? bare.shape[String(key)] : undefined;
      if (next === undefined) return { kind: 'nowhere' };
      schema = next as z.core.$ZodType;
    } else if (bare instanceof z.ZodRecord) {
      if (key === undefined) return { kind: 'map' };
      schema = bare.valueType;
    } else return { kind: 'nowhere' };
  }
}

/** What the schema has, from the outside in; `*` in a path stands for a free key. */
export interface Node {
  readonly path: readonly string[];
  readonly description: string;
  /** Of a setting; null of a section and of a map. */
  readonly note: LeafNote | null;
}

/** Every section, map and setting below the root, in the order of the schema. */
export function nodesOf(root: z.ZodType): readonly Node[] {
  const found: Node[] = [];
  const visit = (schema: z.core.$ZodType, path: readonly string[]): void => {
    const { note, bare } = unwrap(schema);
    const description =
      [schema, bare].map((one) => (one as z.ZodType).meta()?.description).find(Boolean) ?? '';
    if (path.length > 0) found.push({ path, description, note: note ?? null });
    if (note) return;
    if (bare instanceof z.ZodRecord) visit(bare.valueType, [...path, '*']);
    if (!(bare instanceof z.ZodObject)) return;
    for (const [key, next] of Object.entries<z.core.$ZodType>(bare.shape)) visit(next, [...path, key]);
  };
  visit(root, []);
  return found;
}

/** Where settings and sections of this name are allowed. */
export function placesOf(root: z.ZodType, name: string): readonly string[] {
  return nodesOf(root)
    .filter(({ path }) => path.at(-1) === name)
    .map(({ path }) => path.join('.'));
}

/** The note of the metadata nearest to the outside, and the schema without its wrappings. */
function unwrap(schema: z.core.$ZodType): {
  readonly note: LeafNote | undefined;
  readonly bare: z.core.$ZodType;
} {
  const note = leafNotes.get(schema as z.ZodType);
  if (note) return { note, bare: schema };
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return unwrap(schema.unwrap());
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  return { note: undefined, bare: schema };
}
