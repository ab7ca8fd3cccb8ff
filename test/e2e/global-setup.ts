import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The tests run what users run: builds it where it is older than its sources. */
export default function setup(): void {
  const built = ['dist/mlreg.js', 'dist/local-aws-main.js', 'dist/router/index.cjs'].map((name) =>
    join(root, name),
  );
  const oldest = Math.min(...built.map((file) => (existsSync(file) ? statSync(file).mtimeMs : 0)));
  const sources = ['src', 'examples/demo.ts', 'scripts/build.mjs', 'package.json', 'bin'];
  if (Math.max(...sources.map((name) => newest(join(root, name)))) < oldest) return;
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the build failed:\n${stderr}`);
}

function newest(path: string): number {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), 0);
}
