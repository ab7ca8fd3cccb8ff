import { defaultTexts } from '../../src/config/json-schema.ts';
import { fileSchema } from '../../src/config/schema.ts';
import { type Node, nodesOf } from '../../src/config/walk.ts';
import { cell, code, generated, sentence, table } from './markdown.ts';

/** docs/configuration.md: every setting of mlreg.yaml, as its schema has it. */
export function configurationPage(): string {
  const nodes = nodesOf(fileSchema);
  const inEnvironment = nodes.flatMap((node) => {
    const [environments, name, ...path] = node.path;
    return environments === 'environments' && name === '*' && path.length > 0 ? [{ ...node, path }] : [];
  });
  const anywhere = nodes.filter(({ path }) => path[0] !== 'environments');
  const names = new Set(anywhere.map(({ path }) => path.join('.')));
  const own = inEnvironment.filter(({ path }) => !names.has(path.join('.')));
  return `${generated('src/config')}

# Configuration reference

All settings of \`mlreg.yaml\`. \`mlreg config show --origin\` prints the effective configuration of an environment, and where
each value came from. \`schema/mlreg.schema.json\` has the same settings for editors.

- A setting of an environment goes before the same setting at the top level, and that before the default. Options of a
  command go before all three.
- In defaults, MODEL is the model's name and ENV the environment's. What stands in brackets is the default of that environment.
- A duration is a number with a unit: \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`; units may follow one another (\`1h30m\`).
- A share is written \`5%\` or \`0.05\`. A share of *traffic* is in percent: \`10\` or \`10%\`.
- \`*\` stands for a name that you choose.

## Top level

${settings(anywhere.filter(({ path, note }) => path.length === 1 && note !== null))}

${sections(anywhere)}

## Environments

${sentence(nodes.find(({ path }) => path.join('.') === 'environments')?.description ?? '')} Everything above but \`model\` and
\`defaultEnvironment\` may also stand in an environment, and there alone these:

${settings(own.filter(({ path, note }) => path.length === 1 && note !== null))}

${sections(own)}
`;
}

/** One heading a section or map, with the settings that stand in it. */
function sections(nodes: readonly Node[]): string {
  return nodes
    .filter(({ note }) => note === null)
    .flatMap(({ path, description }) => {
      const inside = nodes.filter(
        (node) => node.note !== null && node.path.slice(0, -1).join('.') === path.join('.'),
      );
      const text = description === '' ? [] : [sentence(description)];
      const body = inside.length === 0 ? [] : [settings(inside)];
      return [`### ${path.join('.')}`, ...text, ...body];
    })
    .join('\n\n');
}

function settings(nodes: readonly Node[]): string {
  return table(
    ['setting', 'what it does', 'value', 'default'],
    nodes.map(({ path, description, note }) => {
      const value = [note?.expected ?? '', ...(note?.range === undefined ? [] : [note.range])].join('; ');
      return [
        code(path.at(-1) ?? ''),
        cell(description),
        cell(value),
        defaults.has(path.join('.')) ? code(defaults.get(path.join('.')) ?? '') : '',
      ];
    }),
  );
}

const defaults = new Map(defaultTexts().map(([path, text]) => [path.join('.'), text]));
