import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { example, manifest, read } from './flights.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('training the flights example anew', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flights-'));

  beforeAll(async () => {
    await promisify(execFile)(process.execPath, [fileURLToPath(new URL('train.mjs', example)), folder]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(Object.keys(manifest()))('gives the very artifact of %s', (version) => {
    const { file, sha256: digest } = manifest()[version]!;
    expect(sha256(readFileSync(join(folder, 'artifacts', file)))).toBe(digest);
    expect(sha256(read(`artifacts/${file}`))).toBe(digest);
  });

  test.each(['artifacts/manifest.json', 'requests.ndjson'])('gives the same %s', (file) => {
    expect(readFileSync(join(folder, file), 'utf8')).toBe(read(file).toString());
  });

  test('leaves no artifact that is not in the manifest', () => {
    const files = Object.values(manifest()).map(({ file }) => file);
    expect(readdirSync(new URL('artifacts', example)).sort()).toEqual(['manifest.json', ...files].sort());
  });

  test.each(Object.entries(manifest()))('README tells the figures of %s', (version, { metrics }) => {
    const rows = read('README.md').toString().split('\n');
    const row = rows.find((line) => line.startsWith(`| \`${version}\` | 0.`));
    const cells = row
      ?.replaceAll(/[*,\s]/g, '')
      .split('|')
      .slice(2, 6);
    expect(cells?.map(Number)).toEqual([metrics.auc, metrics.mae, metrics.logLoss, metrics.rows]);
  });

  test('keeps the files small', () => {
    for (const { file } of Object.values(manifest())) {
      expect(read(`artifacts/${file}`).length).toBeLessThan(100_000);
    }
    expect(read('requests.ndjson').length).toBeLessThan(200_000);
  });
});
