/**
 * The digits of a number in JSON text, as they were written: `JSON.parse` rounds ids beyond 2^53, so that two users would
 * become one. Where a member is repeated the last one counts, as for JSON.parse.
 * @param text valid JSON
 * @param path names of nested members
 * @returns undefined where no number stands there
 */
export function rawNumberAt(text: string, path: readonly string[]): string | undefined {
  let at = 0;

  const skipBlank = (): void => {
    while (at < text.length && text.charCodeAt(at) <= 32) at++;
  };

  /** `at` is at an opening quote, and comes to stand behind the closing one. */
  const skipString = (): void => {
    let end = at + 1;
    for (;;) {
      end = text.indexOf('"', end);
      let slashes = 0;
      while (text.charCodeAt(end - 1 - slashes) === 92) slashes++;
      end++;
      if (slashes % 2 === 0) break;
    }
    at = end;
  };

  const skipValue = (): void => {
    let depth = 0;
    do {
      const sign = text[at];
      if (sign === '"') {
        skipString();
        continue;
      }
      if (sign === '{' || sign === '[') depth++;
      else if (sign === '}' || sign === ']') depth--;
      else if (depth === 0 && (sign === ',' || sign === undefined)) return;
      at++;
    } while (depth > 0 || !endsValue.test(text[at] ?? ','));
  };

  /** `at` is at a value, and comes to stand behind it. */
  const find = (depth: number): string | undefined => {
    skipBlank();
    if (depth === path.length) {
      const [number] = /^-?\d[\d.eE+-]*/.exec(text.slice(at, at + longestNumber)) ?? [];
      skipValue();
      return number;
    }
    if (text[at] !== '{') {
      skipValue();
      return undefined;
    }
    let found: string | undefined;
    at++;
    skipBlank();
    while (text[at] === '"') {
      const begin = at;
      skipString();
      const name = JSON.parse(text.slice(begin, at)) as string;
      skipBlank();
      at++; // the colon
      if (name === path[depth]) found = find(depth + 1);
      else {
        skipBlank();
        skipValue();
      }
      skipBlank();
      if (text[at] === ',') at++;
      skipBlank();
    }
    at++; // the closing brace
    return found;
  };

  return find(0);
}

const endsValue = /[\s,}\]]/;
/** Digits of an id. What is longer is cut, and still the same for the same user. */
const longestNumber = 256;
