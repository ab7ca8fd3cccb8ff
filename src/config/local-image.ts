import { isAbsolute, resolve } from 'node:path';

/**
 * The words of `local://python3 'my server.py' --debug`. Quotes and backslashes keep spaces as in a shell; nothing is
 * expanded, for no shell ever sees it.
 * @returns null where a quote is not closed, or nothing stands there
 */
export function localImageWords(image: string): readonly string[] | null {
  const text = image.slice('local://'.length).trim();
  const words: string[] = [];
  const piece = /\s+|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)/sy;
  let word: string | null = null;
  while (piece.lastIndex < text.length) {
    const found = piece.exec(text);
    if (found === null) return null;
    const [all, single, double, escaped, plain] = found;
    if (/^\s/.test(all)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + (single ?? double?.replaceAll(/\\(.)/gs, '$1') ?? escaped ?? plain ?? '');
    }
  }
  if (word !== null) words.push(word);
  return words.length === 0 || words[0] === '' ? null : words;
}

/**
 * A local image as the emulator takes it, in one word without spaces: `local:///path/serve.mjs` for a JavaScript file
 * alone, else `local:///folder/?run=WORD&run=WORD` (src/local-aws/data-plane/local-image.ts).
 * @param directory of mlreg.yaml
 */
export function localImage(image: string | null, directory: string): string | null {
  if (image === null || !image.startsWith('local://')) return image;
  const words = localImageWords(image);
  // Said as a mistake of mlreg.yaml before this.
  if (words === null) return image;
  const [first = ''] = words;
  if (words.length === 1 && /\.[cm]?js$/.test(first))
    return `local://${encodedPath(isAbsolute(first) ? first : resolve(directory, first))}`;
  return `local://${encodedPath(directory)}/?${words.map((word) => `run=${encodeURIComponent(word)}`).join('&')}`;
}

const encodedPath = (path: string): string =>
  encodeURI(path).replaceAll(/[?#]/g, encodeURIComponent).replace(/\/$/, '');
