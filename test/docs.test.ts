import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCode } from '../src/commands/exit-codes.ts';
import {
  anchorsOf,
  brokenRowsOf,
  commandsOf,
  inlineCodeOf,
  linksOf,
  mistakeIn,
  pages,
  root,
  textOf,
} from './support/pages.ts';

const folders = ['src', 'test', 'scripts', 'terraform', 'bench', 'docs', 'examples', 'schema', '.github'];
/** Every file and folder of the repository's own, from its root. */
const files = [
  ...readdirSync(root),
  ...folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  ),
];
/** Also `find-return.ts` and `engine/decide.ts`, as people say them, and `test/cli/steer` without its ending. */
const names = new Set(
  files.flatMap((file) =>
    [file, file.replace(/(?:\.test)?\.\w+$/, '')].flatMap((name) =>
      name.split('/').map((_, index, parts) => parts.slice(index).join('/')),
    ),
  ),
);
/** NAME and the like are the reader's to choose. */
const isThere = (code: string): boolean => /[A-Z]{4,}/.test(code) || names.has(code.replace(/\/$/, ''));
const isPath = (code: string): boolean =>
  /^[\w.-]+\.ts$/.test(code) ||
  /^(?:src|test|scripts|terraform|bench|docs|schema|commands|engine|runner|monitor|aws|registry|router|domain|controller|store|host)\/[\w./-]+$/.test(
    code,
  );

describe.each(pages)('%s', (page) => {
  it('links to files that exist', () => {
    const dead = linksOf(page).filter(({ file }) => !existsSync(join(root, file)));
    expect(dead.map(({ file }) => file)).toEqual([]);
  });

  it('links to headings that exist', () => {
    const dead = linksOf(page).filter(
      ({ file, anchor }) =>
        anchor !== null &&
        file.endsWith('.md') &&
        existsSync(join(root, file)) &&
        !anchorsOf(textOf(file)).includes(anchor),
    );
    expect(dead.map(({ file, anchor }) => `${file}#${anchor ?? ''}`)).toEqual([]);
  });

  it('has whole tables', () => {
    expect(brokenRowsOf(textOf(page))).toEqual([]);
  });

  it('shows commands and options that exist', () => {
    const wrong = commandsOf(textOf(page)).flatMap((words) => {
      const mistake = mistakeIn(words);
      return mistake === null ? [] : [`mlreg ${words}: ${mistake}`];
    });
    expect(wrong).toEqual([]);
  });

  it('names files that exist', () => {
    const missing = inlineCodeOf(textOf(page)).filter((code) => isPath(code) && !isThere(code));
    expect(missing).toEqual([]);
  });

  it('names tests that exist, by the names they have', () => {
    const missing = [...textOf(page).matchAll(/`(test\/[\w./-]+\.test\.ts)`(?: "([^"]+)")?/g)].filter(
      ([, file = '', name]) => !isThere(file) || (name !== undefined && !textOf(file).includes(name)),
    );
    expect(missing.map(([whole]) => whole)).toEqual([]);
  });

  it('names tests that exist in comments, too', () => {
    const named = [...textOf(page).matchAll(/<!--(.*?)-->/gs)].flatMap(([, comment = '']) => [
      ...comment.matchAll(/test\/[\w./-]+\.test\.ts/g),
    ]);
    expect(named.map(([file]) => file).filter((file) => !isThere(file))).toEqual([]);
  });
});

describe.each(['docs/troubleshooting.md', 'docs/runbook.md'])('%s', (page) => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) =>
      readFileSync(join(root, 'src', name), 'utf8')
        .replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
        .replaceAll(/\\(['`])/g, '$1'),
    );
  /** Lines that begin with `Seen:` quote mlreg; … stands for what differs from case to case. */
  const quotes = [...textOf(page).matchAll(/^Seen: (.+?)(?=\n\n)/gms)].flatMap(([, line = '']) =>
    inlineCodeOf(line),
  );

  it('quotes messages that mlreg has', () => {
    expect(quotes.length).toBeGreaterThan(5);
    const partsOf = (quote: string): readonly string[] => quote.split('…').map((part) => part.trim());
    const invented = quotes.filter(
      (quote) => !sources.some((source) => partsOf(quote).every((part) => source.includes(part))),
    );
    expect(invented).toEqual([]);
  });
});

it('docs/runbook.md says what to do about every exit code', () => {
  const [, section = ''] = textOf('docs/runbook.md').split('## By exit code');
  const codes = [...section.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, cells = '']) =>
    cells.split(', ').map((code) => Number(code)),
  );
  expect(codes).toEqual(Object.values(exitCode));
});

describe('a mistake in a page is found', () => {
  it.each([
    ['deplyo', 'there is no such command'],
    ['local upp', 'there is no such command'],
    ['deploy --model-versoin v1', 'it has no option --model-versoin'],
    ['deploy --strategy big-bang', '--strategy takes no big-bang'],
    ['local up -e prod', 'it refuses -e'],
    ['rollback --to v2.2.0 -e prod', null],
    ['monitor --duration=900', null],
    ['local', null],
    ['help deploy', null],
  ])('mlreg %s', (words, mistake) => {
    expect(mistakeIn(words)).toBe(mistake);
  });

  it('in shells, behind npx and pipes, and in backticks', () => {
    const page = ['```sh', 'npx mlreg a --x  # why', 'cat f | mlreg b -', '```', 'Type `mlreg c\nd`.'].join(
      '\n',
    );
    expect(commandsOf(page)).toEqual(['a --x', 'b -', 'c d']);
  });

  it('in tables', () => {
    const page = ['| a | b |', '| --- | --- |', '| 1 | 2 |', '| 1 | 2 | 3 |', '', '| lost | row |'].join(
      '\n',
    );
    expect(brokenRowsOf(page)).toEqual(['| 1 | 2 | 3 |', '| lost | row |']);
  });

  it('in anchors', () => {
    expect(anchorsOf('# A `b`: c, d\n\n## A b c d\n\n```sh\n# no\n```')).toEqual(['a-b-c-d', 'a-b-c-d-1']);
  });
});

describe('the README', () => {
  it('begins with scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(textOf('README.md')).toContain('npm ci && npm run demo');
    expect(textOf('README.md')).toContain('npm ci && npm test');
    expect(scripts.demo).toBe('node dist/demo.js');
  });
});
