import { expect, test } from 'vitest';
import { findConfig } from '../../../src/config/find.ts';
import { UserError } from '../../../src/domain/user-error.ts';
import { load } from './loading.ts';

const among =
  (...files: readonly string[]) =>
  (path: string): boolean =>
    files.includes(path);

test.each<readonly [string, string, readonly string[], string | undefined]>([
  ['beside', '/home/a/repo', ['/home/a/repo/mlreg.yaml', '/home/a/repo/.git'], '/home/a/repo/mlreg.yaml'],
  ['above', '/home/a/repo/x/y', ['/home/a/repo/mlreg.yaml', '/home/a/repo/.git'], '/home/a/repo/mlreg.yaml'],
  ['the nearest', '/r/x', ['/r/.git', '/r/mlreg.yaml', '/r/x/mlreg.yaml'], '/r/x/mlreg.yaml'],
  ['not above the repository', '/home/a/repo/x', ['/home/a/mlreg.yaml', '/home/a/repo/.git'], undefined],
  ['outside a repository only here', '/tmp/x', ['/tmp/mlreg.yaml'], undefined],
  ['outside a repository, here', '/tmp/x', ['/tmp/x/mlreg.yaml', '/tmp/mlreg.yaml'], '/tmp/x/mlreg.yaml'],
])('%s', (_, cwd, files, found) => {
  expect(findConfig({ cwd, exists: among(...files) })).toBe(found);
});

test('a named file goes before any that could be found', () => {
  const exists = among('/repo/mlreg.yaml', '/repo/.git', '/repo/ci/own.yaml', '/repo/ci/env.yaml');
  const read = (file: string | undefined, env: Record<string, string>): string | null =>
    load('model: m', { exists, file, env }).file;
  expect(read('ci/own.yaml', { MLREG_CONFIG: 'ci/env.yaml' })).toBe('/repo/ci/own.yaml');
  expect(read(undefined, { MLREG_CONFIG: 'ci/env.yaml' })).toBe('/repo/ci/env.yaml');
  expect(read(undefined, {})).toBe('/repo/mlreg.yaml');
});

test.each<readonly [string, Parameters<typeof load>[1], { message: string; mend: readonly string[] }]>([
  [
    'no file at all',
    { cwd: '/repo/x', exists: among('/repo/.git') },
    {
      message: 'there is no mlreg.yaml in /repo/x or above it, up to /repo',
      mend: ['mlreg init', 'mlreg --config FILE'],
    },
  ],
  [
    'a file of the other ending',
    { cwd: '/repo/x', exists: among('/repo/.git', '/repo/mlreg.yml') },
    {
      message: 'there is no mlreg.yaml in /repo/x or above it, up to /repo',
      mend: ['mv ../mlreg.yml ../mlreg.yaml'],
    },
  ],
  ['a named file', { file: 'x.yaml' }, { message: 'there is no file x.yaml', mend: ['--config mlreg.yaml'] }],
  [
    'no file and no model for a command that can do without',
    { exists: () => false, allowMissing: true },
    { message: 'there is no mlreg.yaml in /repo', mend: ['mlreg init', 'mlreg --config FILE'] },
  ],
])('%s', (_, options, expected) => {
  let thrown: unknown;
  try {
    load('', options);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(UserError);
  expect(thrown).toMatchObject({ fault: 'usage', ...expected });
});

test('a command that can do without works by the default names', () => {
  const config = load('', {
    exists: () => false,
    allowMissing: true,
    flags: { model: 'rank', environment: 'prod' },
  });
  expect(config).toMatchObject({ file: null, directory: '/repo', model: 'rank', chosen: 'prod' });
  expect(config.environment().lambda.function).toBe('rank-inference-prod');
  expect(config.origin('model')).toEqual({ kind: 'flag', name: '--model' });
});
