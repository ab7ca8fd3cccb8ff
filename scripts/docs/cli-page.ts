import { choices, globalOptions } from '../../src/surface/global-options.ts';
import { exitCodeMeanings, groupSummaries } from '../../src/surface/help-words.ts';
import { sections } from '../../src/surface/index.ts';
import type { CommandRow, OptionRow } from '../../src/surface/row.ts';
import { cell, code, generated, sentence, table } from './markdown.ts';

/** docs/cli.md: every command that help lists, as its command spec has it. */
export function cliPage(): string {
  return `${generated('src/surface')}

# Command reference

\`mlreg help COMMAND\` and \`mlreg COMMAND --help\` print the same at the terminal. What to do about an exit code stands in
the [runbook](runbook.md#by-exit-code).

${sections.flatMap(({ title, rows }) => [`- ${title}: ${visible(rows).map(link).join(', ')}`]).join('\n')}

## Global options

They may stand before or after any command.

${options(globalOptions)}

## Exit codes

${table(
  ['code', 'meaning'],
  exitCodeMeanings.map(([codes, meaning]) => [codes.join(', '), sentence(meaning)]),
)}

${sections.map(({ title, rows }) => section(title, visible(rows))).join('\n\n')}
`;
}

/** `mlreg show [options] <rollout>`, as help prints it. */
export function synopsisOf({ name, alias }: CommandRow): string {
  const [words, args] = [wordsOf(name), argumentsOf(name)];
  return ['mlreg', alias === undefined ? words : `${words}|${alias}`, '[options]', ...args].join(' ');
}

const visible = (rows: readonly CommandRow[]): readonly CommandRow[] =>
  rows.filter(({ hidden }) => hidden !== true);
const isArgument = (word: string): boolean => /^[<[]/.test(word);
const wordsOf = (name: string): string =>
  name
    .split(' ')
    .filter((word) => !isArgument(word))
    .join(' ');
const argumentsOf = (name: string): readonly string[] => name.split(' ').filter(isArgument);
const link = ({ name }: CommandRow): string =>
  `[${wordsOf(name)}](#mlreg-${wordsOf(name).replaceAll(' ', '-')})`;

function section(title: string, rows: readonly CommandRow[]): string {
  const groups = Object.entries(groupSummaries).filter(([name]) =>
    rows.some((row) => row.name.startsWith(`${name} `)),
  );
  return [
    `## ${title}`,
    ...groups.map(([name, summary]) => `Commands that begin with \`mlreg ${name}\`: ${sentence(summary)}`),
    ...rows.map(command),
  ].join('\n\n');
}

function command(row: CommandRow): string {
  const refused = Object.entries(row.withoutEffect ?? {});
  return [
    `### mlreg ${wordsOf(row.name)}`,
    sentence(row.summary),
    `\`\`\`text\n${synopsisOf(row)}\n\`\`\``,
    ...(row.options === undefined ? [] : [options(row.options)]),
    ...(refused.length === 0
      ? []
      : [
          `Refuses these global options:\n\n${refused
            .map(([name, why]) => {
              const { effectBeside: beside } = row;
              const unless =
                beside?.names.includes(name) === true ? ` It is taken with \`${beside.flag}\`.` : '';
              return `- \`--${name}\`: ${sentence(why)}${unless}`;
            })
            .join('\n')}`,
        ]),
    `\`\`\`sh\n${row.examples.join('\n')}\n\`\`\``,
  ].join('\n\n');
}

function options(rows: readonly OptionRow[]): string {
  return table(
    ['option', 'what it does', 'default'],
    rows.map(([flags, description, byDefault]) => {
      const words = choices[/--(\w+)/.exec(flags)?.[1] ?? ''] ?? [];
      const isNamed = words.every((word) => description.includes(word));
      const oneOf = isNamed ? '' : `: one of ${words.map((word) => code(word)).join(', ')}`;
      return [code(flags), `${cell(description)}${oneOf}`, byDefault === undefined ? '' : code(byDefault)];
    }),
  );
}
