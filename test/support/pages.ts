import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { choices, globalOptions } from '../../src/surface/global-options.ts';
import { rows } from '../../src/surface/index.ts';
import type { CommandRow, OptionRow } from '../../src/surface/row.ts';

export const root = resolve(import.meta.dirname, '../..');

/** Every Markdown page of the repository that people read, relative to its root. */
export const pages: readonly string[] = ['.', '.github', 'bench', 'docs', 'examples', 'terraform'].flatMap(
  (folder) =>
    readdirSync(join(root, folder), { recursive: folder !== '.', encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !/node_modules|\.terraform/.test(name))
      .map((name) => join(folder, name)),
);

export const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

export interface Fence {
  /** `sh`, `yaml`; empty where the page does not say. */
  readonly language: string;
  /** What follows the language in the fence's first line: `sh run`. */
  readonly words: readonly string[];
  readonly text: string;
}

const fence = /^( *)```([^\n`]*)\n(.*?)^\1```$/gms;

export const fencesOf = (text: string): readonly Fence[] =>
  [...text.matchAll(fence)].map(([, , info = '', body = '']) => {
    const [language = '', ...words] = info.trim().split(/\s+/);
    return { language, words, text: body };
  });

const withoutFences = (text: string): string => text.replaceAll(fence, '');
const withoutCode = (text: string): string => withoutFences(text).replaceAll(/`[^`\n]+`/g, '');

/** What stands in backticks in running text. */
export const inlineCodeOf = (text: string): readonly string[] =>
  [...withoutFences(text).matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll(/\s+/g, ' '));

/** The anchors that GitHub gives a page's headings. */
export function anchorsOf(text: string): readonly string[] {
  const seen = new Map<string, number>();
  return [...withoutFences(text).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading = '']) => {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
}

/** Links of a page to files and headings of the repository. @returns file from the root, and anchor or null */
export function linksOf(page: string): readonly { readonly file: string; readonly anchor: string | null }[] {
  return [...withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)[^)]*\)/g)]
    .map(([, to = '']) => to)
    .filter((to) => !/^[a-z]+:/.test(to))
    .map((to) => {
      const [path = '', anchor] = to.split('#');
      return { file: path === '' ? page : join(dirname(page), path), anchor: anchor ?? null };
    });
}

/** Rows of tables that no reader sees as such: without a head, or with more or fewer cells than it. */
export function brokenRowsOf(text: string): readonly string[] {
  const lines = withoutFences(text).split('\n');
  const cells = (line: string): number => line.replaceAll('\\|', '').split('|').length;
  let head = 0;
  return lines.filter((line, index) => {
    if (!line.startsWith('|')) return false;
    if (lines[index - 1]?.startsWith('|') !== true) {
      head = cells(line);
      return !/^\|( *:?-+:? *\|)+$/.test(lines[index + 1] ?? '');
    }
    return cells(line) !== head;
  });
}

/** Every `mlreg …` that a page shows: in backticks, and as a command of a shell. */
export function commandsOf(text: string): readonly string[] {
  const shells = fencesOf(text)
    .filter(({ language }) => ['', 'sh', 'text', 'powershell'].includes(language))
    .flatMap((block) => block.text.replaceAll(/\\\n\s*/g, '').split('\n'))
    .flatMap((line) => [
      ...line.matchAll(/(?:^ *(?:try +|next +|choose +)?|npx |\| |[$<]\(|&& |\/)mlreg( [^|;&)]*|$)/g),
    ])
    .map(([, words = '']) => words);
  const inline = inlineCodeOf(text)
    .map((code) => /^(?:npx |(?:exec )?\.\/node_modules\/\.bin\/)?mlreg( .*)$/.exec(code)?.[1])
    .filter((words) => words !== undefined);
  const ended = (words: string): string => words.replace(/ [#|>&].*$/, '').trim();
  return [...shells, ...inline].map(ended).filter((words) => words !== '' && !/^(…|\.\.\.)/.test(words));
}

/** What is wrong with a command as a page shows it; null: there is such a command with these options. */
export function mistakeIn(words: string): string | null {
  const all = [...words.matchAll(/"[^"]*"|'[^']*'|\S+/g)].map(([word]) => word);
  const typed = all[0] === 'help' || all[0] === '--help' ? all.slice(1) : all;
  if (typed.length === 0 || typed[0] === 'COMMAND' || typed.join() === '--version') return null;
  const row = rows.find((candidate) => startsWith(typed, candidate));
  const group = rows.some(({ name }) => typed.length === 1 && name.startsWith(`${typed[0] ?? ''} `));
  if (row === undefined) return group ? null : 'there is no such command';
  for (const [index, word] of typed.entries()) {
    if (!/^--?[a-z]/.test(word)) continue;
    const [flag = '', joined] = word.split('=');
    const option: OptionRow | undefined = [...(row.options ?? []), ...globalOptions].find(([flags]) =>
      flags.split(/[ ,]+/).includes(flag),
    );
    if (option === undefined && !['--help', '-h'].includes(flag)) return `it has no option ${flag}`;
    const long = /--([\w-]+)/.exec(option?.[0] ?? '')?.[1] ?? '';
    const value = joined ?? typed[index + 1] ?? '';
    const beside = row.effectBeside;
    const hasEffect = beside !== undefined && typed.includes(beside.flag) && beside.names.includes(long);
    if (Object.hasOwn(row.withoutEffect ?? {}, long) && value !== 'local' && !hasEffect)
      return `it refuses ${flag}`;
    if (/^[a-z]/.test(value) && choices[long]?.includes(value) === false) return `${flag} takes no ${value}`;
  }
  return null;
}

function startsWith(typed: readonly string[], { name, alias }: CommandRow): boolean {
  const words = name.split(' ').filter((word) => /^\w/.test(word));
  return typed[0] === alias || words.every((word, index) => typed[index] === word);
}
