import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { artifact, root } from '../support/e2e.ts';

const home = mkdtempSync(join(tmpdir(), 'mlreg-odd-path-'));
/** What a URL escapes (a space, umlauts, a hash, a percent sign), and what a shell would take apart. */
const clone = join(home, "Modèle für 100% #1 & 'Co'");
const project = join(clone, 'my project');

const node = (cwd: string, ...args: string[]) => {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(MLREG_|VITEST)/.test(name)),
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', env });
  return { status, stdout, stderr };
};
const mlreg = (...words: string[]) => node(project, join(clone, 'bin/mlreg.js'), ...words);

beforeAll(() => {
  mkdirSync(project, { recursive: true });
  for (const name of [
    'src',
    'scripts',
    'bin',
    'examples',
    'terraform/lambda-zip.mjs',
    'terraform/package-controller.mjs',
    '.github',
    'package.json',
  ]) {
    cpSync(join(root, name), join(clone, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
});

afterAll(() => {
  mlreg('local', 'down');
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

describe('a clone whose path has spaces, umlauts and signs', () => {
  it('builds, and what it built runs', () => {
    expect(node(clone, 'scripts/build.mjs')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(mlreg('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('Usage: mlreg') });
    expect(mlreg('init', '--template', 'node', '--model-name', 'fraud')).toMatchObject({
      status: 0,
      stderr: '',
    });
    const shown = mlreg('config', 'show', '-e', 'local', '-o', 'json');
    expect(shown.status).toBe(0);
    expect(JSON.parse(shown.stdout)).toMatchObject({ kind: 'Config', environment: 'local' });
  });

  it('starts the local AWS emulator, and registers a file beside it', () => {
    const up = mlreg('local', 'up', '--detach', '--control-port', '0', '--gateway-port', '0', '-o', 'json');
    expect([up.status, up.stderr]).toEqual([0, '']);
    cpSync(artifact('v2.2.0'), join(project, 'ein modèl.tar.gz'));
    const registered = mlreg('register', 'v1', '--artifact', 'ein modèl.tar.gz', '-e', 'local');
    expect([registered.status, registered.stderr]).toEqual([0, '']);
    const validated = mlreg('validate', 'v1', '-e', 'local', '-o', 'json');
    expect(JSON.parse(validated.stdout)).toMatchObject({ valid: true });
    expect(mlreg('local', 'down').status).toBe(0);
  });
});
