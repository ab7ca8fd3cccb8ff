import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './e2e.ts';

/** Packs this repository as `npm publish` would, without a build. @returns the tarball's path in `dir`, which is made */
export function packInto(dir: string): string {
  mkdirSync(dir, { recursive: true });
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', dir];
  return join(dir, execFileSync('npm', pack, { cwd: root, encoding: 'utf8' }).trim());
}
