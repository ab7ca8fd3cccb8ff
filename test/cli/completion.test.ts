import { afterEach, describe, expect, it, vi } from 'vitest';
import { cliWorld, projectConfig } from '../support/cli-world.ts';

const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
afterEach(() => log.mockClear());

/** What the shell is given for a line that ends where the cursor stands. */
async function offered(words: string, config: string | null = projectConfig): Promise<readonly string[]> {
  const { code, stderr } = await cliWorld(config).run(`complete -- ${words}`);
  expect([code, stderr]).toEqual([0, '']);
  return log.mock.calls
    .map(([line]) => String(line).split('\t')[0] ?? '')
    .filter((line) => !line.startsWith(':'));
}

describe('at the tab key', () => {
  it.each([
    ['a command', 'roll', ['rollback']],
    ['an alias', 'moni', ['monitor']],
    ['a group', 'loc', ['local']],
    ['within a group', 'local ""', ['up', 'down', 'status', 'env', 'traffic']],
    ['an option', 'deploy --str', ['--strategy']],
    ['a global option', 'rollback --env', ['--environment']],
    ['a strategy', 'deploy --strategy ""', ['canary', 'blue-green', 'shadow', 'all-at-once']],
    ['a format', 'status -o ""', ['text', 'json', 'ndjson']],
  ])('%s', async (_what, words, expected) => {
    expect(await offered(words)).toEqual(expected);
  });

  it('an environment, of the file’s', async () => {
    expect(await offered('deploy --environment ""')).toEqual(
      expect.arrayContaining(['dev', 'staging', 'prod', 'local']),
    );
  });

  it('says nothing of a file with mistakes', async () => {
    expect(await offered('deploy --environment ""', 'model: [')).toEqual([]);
  });

  it('offers every command but its own answer', async () => {
    const all = await offered('""');
    expect(all).toEqual(expect.arrayContaining(['deploy', 'completion', 'audit', 'report']));
    expect(all).not.toContain('complete');
  });
});

it.each(['bash', 'zsh', 'fish', 'powershell'])('gives %s what makes it ask', async (shell) => {
  expect((await cliWorld().run(`completion ${shell}`)).code).toBe(0);
  expect(log.mock.calls.flat().join('\n')).toMatch(/mlreg complete/);
});

it('knows no other shell', async () => {
  const { code, stderr } = await cliWorld().run('completion tcsh');
  expect([code, stderr]).toEqual([2, expect.stringContaining('bash, zsh, fish, powershell')]);
});
