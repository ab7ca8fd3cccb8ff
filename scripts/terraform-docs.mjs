// Writes the README of each Terraform module from its own files; with --check it only says which are out of date.
import { readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const terraform = fileURLToPath(new URL('../terraform/', import.meta.url));
/** What people call, and what only the modules call. */
const folders = ['modules', 'internal'].flatMap((kind) =>
  readdirSync(join(terraform, kind))
    .sort()
    .map((name) => ({ kind, name, folder: join(terraform, kind, name) })),
);

/**
 * The blocks of one kind in a file as `terraform fmt` leaves it: a block ends at the first brace in column one.
 * @returns name and lines of each
 */
function blocks(text, kind) {
  const found = text.matchAll(
    new RegExp(`^${kind} "(?<name>[^"]+)"(?: "(?<second>[^"]+)")? \\{\\n(?<body>.*?)^\\}`, 'gms'),
  );
  return [...found].map(({ groups }) => ({
    name: groups.second ?? groups.name,
    type: groups.name,
    body: groups.body,
  }));
}

/** An argument's text, over as many lines as it takes; undefined where it isn't given. */
function argument(body, name) {
  const lines = body.split('\n');
  const start = lines.findIndex((line) => new RegExp(`^  ${name}\\s+=`).test(line));
  if (start < 0) return undefined;
  const first = lines[start].replace(/^ {2}\w+\s+=\s+/, '');
  const heredoc = /^<<-(\w+)$/.exec(first);
  const isEnd = heredoc ? (line) => line.trim() === heredoc[1] : (line) => /^ {2}\S/.test(line);
  if (!heredoc && !/[[({]$/.test(first)) return first;
  const end = lines.findIndex((line, index) => index > start && isEnd(line));
  const rest = lines.slice(start + 1, heredoc ? end : end + 1).map((line) => line.trim());
  if (heredoc) return rest.join(' ');
  return [first, ...rest]
    .join(', ')
    .replaceAll(/(?<=[[({]), |,(?= [\])}])/g, (comma) => (comma === ', ' ? ' ' : ''));
}

/** A string as people read it. */
const plain = (text) => (text?.startsWith('"') ? JSON.parse(text).replaceAll('$$', '$') : (text ?? ''));
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const code = (text) => `\`${text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')}\``;

function table(head, rows) {
  if (rows.length === 0) return 'None.';
  return [
    `| ${head.join(' | ')} |`,
    `|${' --- |'.repeat(head.length)}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
}

const example = (text) => (text === '' ? '' : `## Example\n\n\`\`\`hcl\n${text.trim()}\n\`\`\`\n\n`);

function readme(folder, name) {
  const read = (file) => (existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : '');
  const all = readdirSync(folder)
    .filter((file) => file.endsWith('.tf'))
    .sort()
    .map(read)
    .join('\n');
  const purpose = read('main.tf')
    .split('\n\n')[0]
    .split('\n')
    .map((line) => line.replace(/^# ?/, ''))
    .join('\n');
  const byName = (a, b) => (a.name < b.name ? -1 : 1);
  const variables = blocks(all, 'variable').map(({ name: variable, body }) => {
    const fallback = argument(body, 'default');
    return {
      name: variable,
      isRequired: fallback === undefined,
      row: [
        code(variable),
        cell(plain(argument(body, 'description'))),
        code(argument(body, 'type') ?? 'any'),
        fallback === undefined ? 'required' : code(fallback),
      ],
    };
  });
  variables.sort((a, b) => Number(b.isRequired) - Number(a.isRequired) || byName(a, b));
  const outputs = blocks(all, 'output').sort(byName);
  const resources = [...new Set(blocks(all, 'resource').map(({ type }) => type))].sort();
  const modules = blocks(all, 'module').map(({ name: module }) => module);
  return `# ${name}

${purpose}

${example(read('examples/complete/main.tf'))}## Variables

${table(
  ['name', 'what', 'type', 'default'],
  variables.map(({ row }) => row),
)}

## Outputs

${table(
  ['name', 'what'],
  outputs.map(({ name: output, body }) => [code(output), cell(plain(argument(body, 'description')))]),
)}

## Makes

${[...resources.map((resource) => `- \`${resource}\``), ...modules.map((module) => `- module \`${module}\``)].join('\n')}

Written by \`node scripts/terraform-docs.mjs\` from the module's files.
`;
}

const stale = [];
for (const { kind, name, folder } of folders) {
  const file = join(folder, 'README.md');
  const wanted = readme(folder, name);
  if (existsSync(file) && readFileSync(file, 'utf8') === wanted) continue;
  stale.push(`terraform/${kind}/${name}/README.md`);
  if (!process.argv.includes('--check')) writeFileSync(file, wanted);
}
if (process.argv.includes('--check') && stale.length > 0) {
  console.error(`out of date, run node scripts/terraform-docs.mjs: ${stale.join(', ')}`);
  process.exitCode = 1;
}
