import type { ExitCode } from '../commands/exit-codes.ts';

/** What a group of commands is for. */
export const groupSummaries: Readonly<Record<string, string>> = {
  local: 'run the local AWS emulator: the same commands without an account',
  config: 'show the effective configuration',
  audit: 'verify that registry and journal were not altered',
  policy: 'test a rollback policy against recorded traffic',
};

/** What each exit code means, in the order in which help lists them; codes that mean the same stand together. */
export const exitCodeMeanings: readonly (readonly [codes: readonly ExitCode[], meaning: string])[] = [
  [[0], 'done or already so'],
  [[1], 'unexpected (state safe)'],
  [[2], 'usage or configuration'],
  [[3], 'rolled back (the champion serves)'],
  [[4], 'credentials or permission'],
  [[5], 'conflict'],
  [[6], 'not finished'],
  [[7], 'stuck (page someone)'],
  [[9], 'aborted by a person'],
  [[130, 143], 'interrupted'],
];

/** One sentence, wrapped where help is. */
export function exitCodesText(width = 115): string {
  const words = exitCodeMeanings.map(([codes, meaning]) => `${codes.join('/')} ${meaning}`).join(', ');
  return `Exit codes: ${words}.`.split(' ').reduce((text, word) => {
    const line = text.slice(text.lastIndexOf('\n') + 1);
    return line.length + 1 + word.length > width ? `${text}\n${word}` : `${text} ${word}`;
  });
}
