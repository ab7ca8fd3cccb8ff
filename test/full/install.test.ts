import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/e2e.ts';
import { packInto } from '../support/packed.ts';

/** An empty folder whose path has spaces, into which the packed tarball is installed without a network or scripts. */
const dir = join(mkdtempSync(join(tmpdir(), 'mlreg-install-')), 'my models');
const mlreg = join(dir, 'node_modules/mlreg');
let tarball: string;

const npm = (...args: readonly string[]) =>
  spawnSync('npm', args, { cwd: dir, encoding: 'utf8', env: { ...process.env, npm_config_offline: 'true' } });
/** As `npx mlreg` finds it. */
const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(dir, 'node_modules/.bin/mlreg'), ...args], {
    cwd: dir,
    encoding: 'utf8',
  });

beforeAll(() => {
  tarball = packInto(dir);
  const installed = npm('install', '--ignore-scripts', '--no-audit', '--no-fund', tarball);
  expect(installed.stderr).toBe('');
  expect(installed.status).toBe(0);
});
afterAll(() => rmSync(join(dir, '..'), { recursive: true, force: true }));

describe('npm install of the packed tarball in an empty folder', () => {
  it('needs no other package and fewer than 20 MB', () => {
    const packages = readdirSync(join(dir, 'node_modules')).filter((name) => !name.startsWith('.'));
    expect(packages).toEqual(['mlreg']);
    expect(sizeOf(mlreg)).toBeLessThan(20e6);
  });

  it('can be published', () => {
    const { private: isPrivate, dependencies } = JSON.parse(
      readFileSync(join(mlreg, 'package.json'), 'utf8'),
    ) as Record<string, unknown>;
    expect({ isPrivate, dependencies }).toEqual({ isPrivate: undefined, dependencies: undefined });
  });

  it.each([
    'dist/mlreg.js',
    'dist/index.js',
    'dist/types/index.d.ts',
    'dist/action.js',
    'dist/router.zip',
    'dist/controller.zip',
    'action.yml',
    'schema/mlreg.schema.json',
    'terraform/modules/lambda-inference/main.tf',
    'examples/flights/mlreg.yaml',
    'docs/judge.md',
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
  ])('brings %s', (file) => expect(existsSync(join(mlreg, file))).toBe(true));

  it.each(['dist/meta.json', 'test', 'src', '.github/workflows/release.yml'])('leaves %s out', (file) =>
    expect(existsSync(join(mlreg, file))).toBe(false),
  );

  it('runs, by a path with spaces', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(run('--version').stdout.trim()).toBe(version);
    expect(run('--help')).toMatchObject({ status: 0, stderr: '' });
  });

  it('inits a repository whose workflows use the installed action', () => {
    expect(run('init', '--model-name', 'churn')).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(join(dir, 'mlreg.yaml'), 'utf8')).toContain('churn');
    const workflow = readFileSync(join(dir, '.github/workflows/model-deployment.yml'), 'utf8');
    expect(workflow).toContain('uses: ./node_modules/mlreg\n');
  });

  it('starts and stops local AWS', () => {
    expect(run('local', 'up', '--detach')).toMatchObject({ status: 0 });
    expect(run('local', 'status')).toMatchObject({ status: 0 });
    expect(run('local', 'down')).toMatchObject({ status: 0 });
  });

  it('says what to do where dist/ is missing', () => {
    rmSync(join(mlreg, 'dist'), { recursive: true });
    const { status, stderr, stdout } = run('--help');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('mlreg is not built');
    expect(stderr).toContain('npm install mlreg');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('the single file', () => {
  const single = join(dir, '..', 'elsewhere', 'mlreg.mjs');
  const home = join(dir, '..', 'empty');
  const alone = (...args: readonly string[]) =>
    spawnSync(process.execPath, [single, ...args], { cwd: home, encoding: 'utf8' });

  beforeAll(() => {
    mkdirSync(home, { recursive: true });
    execFileSync(process.execPath, [join(root, 'scripts/single-file.mjs'), single], { cwd: root });
  });

  it('runs beside nothing else', () => {
    expect(alone('--help')).toMatchObject({ status: 0, stderr: '' });
  });

  it('writes the files that the package writes', () => {
    expect(alone('init', '--model-name', 'churn')).toMatchObject({ status: 0, stderr: '' });
    const workflow = '.github/workflows/approve-rollout.yml';
    expect(readFileSync(join(home, workflow), 'utf8')).toBe(readFileSync(join(dir, workflow), 'utf8'));
  });

  it('names the package where the local AWS emulator is asked for', () => {
    const { status, stderr } = alone('local', 'up', '--detach');
    expect(status).toBe(2);
    expect(stderr).toContain('this mlreg is a single file');
    expect(stderr).toContain('npm install --save-dev mlreg');
  });
});

describe('npm run notices', () => {
  it('lists every package whose code is in the bundles, with its licence', () => {
    execFileSync(process.execPath, [join(root, 'scripts/notices.mjs')], { cwd: root });
    const { inputs } = JSON.parse(readFileSync(join(root, 'dist/meta.json'), 'utf8')) as {
      inputs: Record<string, { bytes: number }>;
    };
    const bundled = new Set(
      Object.keys(inputs).flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
    );
    const { components } = JSON.parse(readFileSync(join(root, 'dist/sbom.cdx.json'), 'utf8')) as {
      components: readonly { group?: string; name: string; version: string; licenses?: unknown[] }[];
    };
    const listed = components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`));
    expect([...bundled].filter((name) => !listed.includes(name))).toEqual([]);
    expect(components.filter(({ licenses = [] }) => licenses.length === 0)).toEqual([]);
    const notices = readFileSync(join(root, 'dist/THIRD-PARTY-NOTICES.txt'), 'utf8');
    expect(listed.filter((name) => !notices.includes(`${name} `))).toEqual([]);
  });
});

function sizeOf(path: string): number {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}
