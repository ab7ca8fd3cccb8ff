import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of mlreg's package.json: this file lies in dist/ once built, and deeper where tests run the sources. */
function packageRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder))
    if (existsSync(join(folder, 'package.json')) || folder === dirname(folder)) return folder;
}

/** Path of a file that comes with mlreg, such as `dist/router/index.cjs`. */
export const packaged = (...path: readonly string[]): string => join(packageRoot(), ...path);
