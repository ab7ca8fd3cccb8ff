import { AwsError } from '../../wire/aws-error.ts';

export type Token =
  | { readonly kind: 'name'; readonly text: string; readonly isQuoted: boolean }
  | { readonly kind: 'number'; readonly text: string; readonly value: number }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'sign'; readonly text: string };

export interface Tokens {
  /** @throws AwsError where there are no more */
  next(): Token;
  isAtEnd(): boolean;
  /** Takes a sign if it is the next. */
  take(sign: string): boolean;
  takeOf(signs: readonly string[]): string | undefined;
  /** Takes a word of the language, whatever its case. */
  takeWord(word: string): boolean;
  expect(sign: string): void;
  malformed(why: string): AwsError;
}

const pattern =
  /\s*(?:`([^`]*)`|(\d+(?:\.\d+)?(?:e[+-]?\d+)?)|"((?:[^"\\]|\\.)*)"|([@A-Za-z_][\w@.]*)|(<=|>=|!=|[=<>+\-*/(),]))/y;

/** The words and signs of one command. @throws AwsError for what is neither */
export function tokensOf(text: string): Tokens {
  const all = [...read(text)];
  let at = 0;
  const takeOf = (signs: readonly string[]): string | undefined => {
    const token = all[at];
    if (token?.kind !== 'sign' || !signs.includes(token.text)) return undefined;
    at++;
    return token.text;
  };
  return {
    isAtEnd: () => at >= all.length,
    next() {
      const token = all[at++];
      if (token === undefined) throw malformed('it ends too early');
      return token;
    },
    take: (sign) => takeOf([sign]) !== undefined,
    takeOf,
    takeWord(word) {
      const token = all[at];
      const isIt = token?.kind === 'name' && !token.isQuoted && token.text.toLowerCase() === word;
      if (isIt) at++;
      return isIt;
    },
    expect(sign) {
      if (takeOf([sign]) === undefined) throw malformed(`'${sign}' is missing`);
    },
    malformed,
  };
}

export const malformed = (why: string): AwsError =>
  new AwsError('MalformedQueryException', 400, `The query could not be read: ${why}`);

function* read(text: string): Generator<Token> {
  pattern.lastIndex = 0;
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const from = pattern.lastIndex;
    const [, quoted, number, string, name, sign] = pattern.exec(text) ?? [];
    if (quoted !== undefined) yield { kind: 'name', text: quoted, isQuoted: true };
    else if (number !== undefined) yield { kind: 'number', text: number, value: Number(number) };
    else if (string !== undefined) yield { kind: 'string', text: JSON.parse(`"${string}"`) as string };
    else if (name !== undefined) yield { kind: 'name', text: name, isQuoted: false };
    else if (sign !== undefined) yield { kind: 'sign', text: sign };
    else throw malformed(`what is ${text.slice(from, from + 20)}?`);
  }
}
