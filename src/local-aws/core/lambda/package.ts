import { createHash } from 'node:crypto';
import { unzipSync } from 'fflate';
import { invalid } from './errors.ts';

/** Unzipped limit of Lambda. */
const MOST_UNZIPPED = 250 * 1024 * 1024;

/**
 * Checks an uploaded zip.
 * @returns its CodeSha256 (base64) and size
 * @throws AwsError InvalidParameterValueException
 */
export function checkPackage(zip: Uint8Array): { readonly codeSha256: string; readonly codeSize: number } {
  filesOf(zip);
  return { codeSha256: createHash('sha256').update(zip).digest('base64'), codeSize: zip.length };
}

/**
 * The file that `handler` (`index.handler`, `src/index.handler`) names: `.cjs`, `.js` or `.mjs`.
 * Where it isn't in the zip, code that fails as Lambda's runtime does, since Lambda looks when it runs, not before.
 */
export function handlerFile(zip: Uint8Array, handler: string): Uint8Array {
  const module = handler.slice(0, handler.lastIndexOf('.'));
  const files = filesOf(zip);
  for (const extension of ['cjs', 'js', 'mjs']) {
    const found = files[`${module}.${extension}`];
    if (found !== undefined) return found;
  }
  const message = `Error: Cannot find module '${module}'`;
  return Buffer.from(
    `const error = new Error(${JSON.stringify(message)}); error.name = 'Runtime.ImportModuleError'; throw error;\n`,
  );
}

function filesOf(zip: Uint8Array): Record<string, Uint8Array> {
  let total = 0;
  try {
    return unzipSync(zip, {
      filter: ({ originalSize }) => {
        total += originalSize;
        if (total > MOST_UNZIPPED) throw new Error('too large');
        return true;
      },
    });
  } catch {
    throw invalid(
      total > MOST_UNZIPPED
        ? `Unzipped size must be smaller than ${MOST_UNZIPPED} bytes`
        : 'Could not unzip uploaded file. Please check your file, then try to upload again.',
    );
  }
}
