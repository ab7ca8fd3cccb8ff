import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'mlreg-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const node = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } });
const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

test('two builds make the same zip, in any time zone, and it holds the bundle', () => {
  const builds = ['UTC', 'Pacific/Auckland'].map((zone) => {
    const out = join(folder, zone.replace('/', '-'));
    expect(node(['scripts/build.mjs', out], { TZ: zone })).toMatchObject({ status: 0, stderr: '' });
    return out;
  });
  const zips = builds.map((out) => join(out, 'router.zip'));
  expect(new Set(zips.map(sha256)).size).toBe(1);
  const files = unzipSync(readFileSync(zips[0] ?? ''));
  expect(Object.keys(files)).toEqual(['index.js']);
  expect(
    Buffer.from(files['index.js'] ?? []).equals(readFileSync(join(builds[0] ?? '', 'router/index.cjs'))),
  ).toBe(true);
});

describe("the controller's package", () => {
  const place = (name: string, files: Readonly<Record<string, string>>): string => {
    const at = join(folder, name);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(at, path, '..'), { recursive: true });
      writeFileSync(join(at, path), text);
    }
    return at;
  };
  const pack = (at: string, out = 'controller.zip') =>
    node([
      'terraform/package-controller.mjs',
      '--config',
      join(at, 'mlreg.yaml'),
      '--out',
      join(at, out),
      '--bundle',
      join(at, 'bundle.cjs'),
    ]);

  test('holds the bundle, mlreg.yaml and the files that it names, the same bytes each time', () => {
    const at = place('whole', {
      'bundle.cjs': 'exports.handler = () => {};',
      'mlreg.yaml':
        'model: rec\nrequests: { smoke: ./smoke.json }\nenvironments: { prod: { requests: { smoke: smoke/prod.json } }, dev: null }\n',
      'smoke.json': '[]',
      'smoke/prod.json': '[1]',
    });
    expect(pack(at)).toMatchObject({ status: 0, stderr: '' });
    expect(pack(at, 'again.zip').status).toBe(0);
    expect(sha256(join(at, 'again.zip'))).toBe(sha256(join(at, 'controller.zip')));
    const files = unzipSync(readFileSync(join(at, 'controller.zip')));
    expect(Object.keys(files).sort()).toEqual(['index.js', 'mlreg.yaml', 'smoke.json', 'smoke/prod.json']);
    expect(Buffer.from(files['smoke/prod.json'] ?? []).toString()).toBe('[1]');
  });

  test.each([
    [
      'a smoke file that is missing',
      { 'mlreg.yaml': 'requests: { smoke: none.json }', 'bundle.cjs': '' },
      /none\.json can't be read: it is requests\.smoke of/,
    ],
    [
      'a smoke file elsewhere',
      { 'mlreg.yaml': 'requests: { smoke: ../smoke.json }', 'bundle.cjs': '' },
      /is not beside/,
    ],
    ['no mlreg.yaml', { 'bundle.cjs': '' }, /mlreg\.yaml can't be read: .*--config FILE/],
    ['no bundle', { 'mlreg.yaml': 'model: rec' }, /npm run build/],
  ])('%s is told in one line', (name, files, message) => {
    const { status, stderr } = pack(place(name.replaceAll(' ', '-'), files));
    expect(status).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
  });
});
