import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/embedded.ts';
import { nodeFileSystem } from '../../src/store/file-system.ts';
import { type CliWorld, serving } from '../support/cli-world.ts';

const stateDir = mkdtempSync(join(tmpdir(), 'mlreg-store-path-'));
afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

/** What ends by waiting or by trying again exits 1; what only a person can change exits 2. */
const codes = [
  ['EACCES', 2, 'no right'],
  ['EPERM', 2, 'no right'],
  ['EROFS', 2, 'read-only'],
  ['ENOTDIR', 2, 'a part of the path is a file'],
  ['EISDIR', 2, 'it is a directory'],
  ['ELOOP', 2, 'lead round in a circle'],
  ['ENAMETOOLONG', 2, 'too long'],
  ['EMFILE', 1, 'too many files open'],
  ['ENFILE', 1, 'too many files open'],
  ['ENOSPC', 1, 'disk is full'],
  ['EDQUOT', 1, 'quota'],
  ['EIO', 1, 'the disk reports an error'],
] as const;

const commands = [
  'status',
  'history',
  'versions',
  'plan --model-version v2.3.0',
  'deploy --model-version v2.3.0',
  'resume',
  'pause',
  'traffic --percent 5',
  'promote',
  'approve',
  'reject',
  'gc',
  'watch --duration 1',
  'report r-1',
  'validate v2.3.0',
  'register v9 --artifact s3://models/v2.3.0.tar.gz',
];

let worlds = 0;

/** A project whose store is a file that fails with this code from now on. */
async function failing(code: string): Promise<CliWorld> {
  let isFailing = false;
  const fail = (): void => {
    if (isFailing) throw Object.assign(new Error(`${code}: made to fail`), { code });
  };
  const kept = openStore({
    stateDir,
    environment: `dev${++worlds}`,
    model: 'recommendation',
    fs: {
      ...nodeFileSystem,
      open: async (...args) => (fail(), nodeFileSystem.open(...args)),
      stat: async (path) => (fail(), nodeFileSystem.stat(path)),
      mkdir: async (...args) => (fail(), nodeFileSystem.mkdir(...args)),
    },
  });
  const cli = await serving(undefined, kept);
  isFailing = true;
  return cli;
}

describe('a store whose path fails', () => {
  it.each(codes)('with %s: each command exits %s, names the path and the fix', async (code, exit, why) => {
    const cli = await failing(code);
    for (const words of commands) {
      const { code: exited, stdout } = await cli.run(`${words} -o json`);
      const answer = JSON.parse(stdout);
      expect([words, exited]).toEqual([words, exit]);
      expect(answer.error, words).toContain(stateDir);
      expect(answer.why, words).toContain(why);
      expect(answer.mend, words).not.toEqual([]);
      expect(stdout, words).not.toContain('mistake in mlreg');
    }
  });

  it.each(codes)(
    'with %s: doctor names it (exit 1), and checks all that needs no store',
    async (code, _, why) => {
      const cli = await failing(code);
      const { code: exited, stdout } = await cli.run('doctor -o json');
      const { findings } = JSON.parse(stdout) as { findings: readonly Record<string, unknown>[] };
      expect(exited).toBe(1);
      const named = findings.find(({ check }) => check === 'store');
      expect(named).toMatchObject({ ok: false, mend: expect.any(String) });
      expect(named?.detail).toContain(stateDir);
      expect(named?.detail).toContain(why);
      expect(findings.map(({ check }) => check)).toEqual(
        expect.arrayContaining(['identity', 'alias', 'stage']),
      );
      expect(stdout).not.toContain('mistake in mlreg');
    },
  );

  it.each(codes)('with %s: a rollback goes by the alias alone', async (code) => {
    const cli = await failing(code);
    const ran = await cli.run('rollback');
    // Nobody was ever moved by mlreg here: there is nothing to go back to, and that is said.
    expect([ran.code, ran.stdout]).toEqual([7, expect.stringContaining('mlreg never wrote this alias')]);
    expect(ran.stderr).toContain(stateDir);
  });
});
