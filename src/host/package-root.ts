import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../domain/user-error.ts';

/** Text files by their path in the package; defined only where all of mlreg is one file. */
declare const MLREG_TEXTS: Readonly<Record<string, string>> | undefined;

const texts = typeof MLREG_TEXTS === 'undefined' ? undefined : MLREG_TEXTS;

/** The folder of mlreg's package.json: this file lies in dist/ once built, and deeper where tests run the sources. */
function packageRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder))
    if (existsSync(join(folder, 'package.json')) || folder === dirname(folder)) return folder;
}

/**
 * Path of a program or bundle that comes with mlreg, such as `dist/router/index.cjs`.
 * @throws UserError where all of mlreg is one file
 */
export function packaged(...path: readonly string[]): string {
  if (texts !== undefined)
    throw new UserError('usage', 'this mlreg is a single file, which has no local AWS emulator', {
      mend: 'npm install --save-dev mlreg, then npx mlreg local up --detach',
    });
  return join(packageRoot(), ...path);
}

/** A text that comes with mlreg, by its path in the package. */
export const packagedText = (path: string): string => texts?.[path] ?? readFileSync(packaged(path), 'utf8');
