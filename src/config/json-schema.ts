import * as z from 'zod';
import { builtInEnvironments, defaultsOf, localSettings } from './defaults.ts';
import { isSection, leaves, merged, type RawSection, valueAt } from './layers.ts';
import { fileSchema } from './schema.ts';

/** JSON Schema (draft 7) of mlreg.yaml, for editors: what people write, with each setting's default in its description. */
export function jsonSchema(): RawSection {
  const schema = z.toJSONSchema(fileSchema, { io: 'input', target: 'draft-7' }) as RawSection;
  const environment = valueAt(section(valueAt(schema, ['properties', 'environments'])), [
    'additionalProperties',
  ]);
  for (const [path, text] of defaultTexts()) {
    describe(schema, path, `Default ${text}.`);
    describe(environment, path, `Default ${text}.`);
  }
  return { $schema: schema['$schema'], title: 'mlreg.yaml', ...schema };
}

/** As the formatter of this project leaves it: lists of plain values on one line where they fit. */
export function jsonText(value: unknown, indent = '', before = 0): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const line = `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
    if (!value.some(isSection) && indent.length + before + line.length < 110) return line;
    return `[\n${value.map((item) => inner + jsonText(item, inner)).join(',\n')}\n${indent}]`;
  }
  if (!isSection(value)) return JSON.stringify(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return '{}';
  const lines = entries.map(([key, item]) => {
    const name = `${JSON.stringify(key)}: `;
    return `${inner}${name}${jsonText(item, inner, name.length)}`;
  });
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

/** The default of every setting that has one, as people write it: `15m (prod 1h, local 8s)`. */
export function defaultTexts(): readonly (readonly [path: readonly string[], text: string])[] {
  const of = (name: string): RawSection => {
    const defaults = { from: name, section: defaultsOf(name, 'MODEL') };
    return merged(name === 'local' ? [{ from: name, section: localSettings() }, defaults] : [defaults]);
  };
  const shown = (value: unknown): string => (Array.isArray(value) ? `[${value.join(', ')}]` : String(value));
  return leaves(of('ENV')).flatMap(([path, value]) => {
    if (value === null) return [];
    const others = builtInEnvironments.flatMap((name) => {
      const own = shown(valueAt(of(name), path));
      return own === shown(value).replace('ENV', name) ? [] : [`${name} ${own}`];
    });
    return [[path, `${shown(value)}${others.length > 0 ? ` (${others.join(', ')})` : ''}`] as const];
  });
}

function describe(root: unknown, path: readonly string[], text: string): void {
  let node: unknown = root;
  for (const key of path) node = valueAt(section(node), ['properties', key]);
  if (!isSection(node)) return; // only an environment's, not the top level's
  (node as Record<string, unknown>)['description'] = `${String(node['description'])} ${text}`;
}

/** Sections may be left empty, so they stand beside null. */
function section(node: unknown): unknown {
  const options = valueAt(node, ['anyOf']);
  return Array.isArray(options) ? options[0] : node;
}
