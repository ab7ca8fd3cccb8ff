import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cliPage, synopsisOf } from '../scripts/docs/cli-page.ts';
import { configurationPage } from '../scripts/docs/configuration-page.ts';
import { rows } from '../src/surface/index.ts';
import { cliWorld } from './support/cli-world.ts';

const docs = resolve(import.meta.dirname, '../docs');

/** After a change of a command or a setting: `npm run docs:generate`. */
describe('a generated page is fresh', () => {
  it('docs/cli.md', async () => {
    await expect(cliPage()).toMatchFileSnapshot(join(docs, 'cli.md'));
  });

  it('docs/configuration.md', async () => {
    await expect(configurationPage()).toMatchFileSnapshot(join(docs, 'configuration.md'));
  });
});

describe('the command reference', () => {
  it.each(rows.filter(({ hidden }) => hidden !== true).map((row) => [row.name, row] as const))(
    'prints the synopsis of %s as help does',
    async (name, row) => {
      const words = name
        .split(' ')
        .filter((word) => /^\w/.test(word))
        .join(' ');
      const { stdout } = await cliWorld(null).run(`${words} --help`);
      expect(stdout.split('\n')[0]).toBe(`Usage: ${synopsisOf(row)}`);
    },
  );
});
