import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
  'terraform/README.md',
  'examples/flights/README.md',
];
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

describe.each(pages)('%s', (page) => {
  it('links to what is there', () => {
    const dead = [...textOf(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
      .map(([, to = '']) => to)
      .filter((to) => !/^[a-z]+:/.test(to) && !existsSync(join(root, dirname(page), to)));
    expect(dead).toEqual([]);
  });

  it('names tests that are there, by the names they have', () => {
    const missing = [...textOf(page).matchAll(/`(test\/[\w./-]+\.test\.ts)`(?: "([^"]+)")?/g)].filter(
      ([, file = '', name]) =>
        !existsSync(join(root, file)) || (name !== undefined && !textOf(file).includes(name)),
    );
    expect(missing.map(([whole]) => whole)).toEqual([]);
  });
});

describe('the README', () => {
  it('names commands that are there', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const surface = join(root, 'src/surface');
    const cli = readdirSync(surface)
      .map((file) => readFileSync(join(surface, file), 'utf8'))
      .join('\n');
    const named = new Set(
      [...readme.matchAll(/mlreg ((?:local )?[a-z]+)\b/g)].flatMap(([, command]) =>
        command === undefined ? [] : [command],
      ),
    );
    const known = new Set(
      [...cli.matchAll(/name: '([a-z]+(?: [a-z]+)?)/g)].flatMap(([, name]) =>
        name === undefined ? [] : [name, name.split(' ')[0] ?? name],
      ),
    );
    const unknown = [...named].filter(
      (command) => !known.has(command) && !known.has(command.replace(/^local /, 'local ')),
    );
    expect(unknown.filter((command) => !['puts', 'local'].includes(command))).toEqual([]);
    const scripts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(readme).toContain('npm ci && npm run demo');
    expect(readme).toContain('npm ci && npm test');
    expect(scripts.scripts.demo).toBe('node dist/demo.js');
  });
});
