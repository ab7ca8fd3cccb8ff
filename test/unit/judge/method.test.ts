import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/method.md'), 'utf8');
const sections = new Set([...page.matchAll(/^##+ (\d+(?:\.\d+)?)\.? /gm)].map(([, number]) => number));

const files = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));

/** Comments wrap, so a citation may stand on two lines. */
const flat = (text: string): string => text.replace(/\n\s*\*?\s*/g, ' ');

function citations(text: string): readonly string[] {
  return [...flat(text).matchAll(/sections? ((?:\d+(?:\.\d+)?(?:, | and )?)+) of the method/gi)].flatMap(
    ([, numbers = '']) => numbers.split(/, | and /),
  );
}

describe('docs/method.md', () => {
  const cited = ['src', 'bench', 'test'].flatMap((folder) =>
    files(folder).flatMap((file) =>
      citations(readFileSync(join(root, file), 'utf8')).map((number) => ({ file, number })),
    ),
  );

  it('has every section that a comment cites', () => {
    expect(cited.length).toBeGreaterThan(50);
    expect(cited.filter(({ number }) => !sections.has(number))).toEqual([]);
  });

  it('has every section that it cites itself', () => {
    const own = [...flat(page).matchAll(/sections? (\d+(?:\.\d+)?)/g)].map(([, number]) => number);
    expect(own.filter((number) => !sections.has(number))).toEqual([]);
  });

  it('is named wherever the judge cites a section', () => {
    const nameless = files('src/monitor').flatMap((file) =>
      [
        ...flat(readFileSync(join(root, file), 'utf8')).matchAll(
          /\bsections? \d[\d.]*(?:(?:, | and )[\d.]+)*(.{14})/gi,
        ),
      ]
        .filter(([, after]) => after !== ' of the method')
        .map(([text]) => `${file}: ${text}`),
    );
    expect(nameless).toEqual([]);
  });

  it('finds a citation in either form, across lines', () => {
    expect(citations('Source: sections 5 and 5.1 of\n * the method; x')).toEqual(['5', '5.1']);
    expect(citations('Section 9 of the method')).toEqual(['9']);
  });
});
