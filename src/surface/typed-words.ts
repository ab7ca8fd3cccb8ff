import { UserError } from '../domain/user-error.ts';
import type { CommandRow } from './row.ts';

type Options = Record<string, unknown>;

/** Commander's name of an option: `model-version` is `modelVersion`. */
const keyOf = (flag: string): string => flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/**
 * `mlreg deploy v2.3.0` is `mlreg deploy --model-version v2.3.0`, and `--env` is `--environment`.
 * @param typed whether the command line, and not a default, gave this option
 * @returns the words that are left
 * @throws UserError where a word and its option differ: no one of them is taken for the one that was meant
 */
export function takeWords(
  row: CommandRow,
  words: readonly string[],
  options: Options,
  typed: (name: string) => boolean,
): readonly string[] {
  if (options.env !== undefined) set(options, typed, 'environment', options.env, '--env');
  delete options.env;
  const { wordFor } = row;
  const [word, ...others] = words;
  if (wordFor === undefined || word === undefined) return words;
  set(options, typed, wordFor, word, 'the word behind the command');
  return others;
}

function set(
  options: Options,
  typed: (name: string) => boolean,
  flag: string,
  value: unknown,
  source: string,
): void {
  const key = keyOf(flag);
  if (typed(key) && options[key] !== value)
    throw new UserError(
      'usage',
      `two values for --${flag}: '${String(value)}' and '${String(options[key])}'`,
      {
        why: `${source} and --${flag} mean the same`,
        mend: 'the same command with one of them',
      },
    );
  options[key] = value;
}

/** Words of other tools, and what they are called here: the command, and when it is the right one. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  undo: [
    'mlreg rollback    everybody back to the version before',
    'mlreg abort    end the rollout that is under way',
  ],
  revert: ['mlreg rollback    everybody back to the version before'],
  stop: [
    'mlreg abort    end the rollout that is under way; the champion serves everybody',
    'mlreg pause    keep the share as it is; judging goes on',
    'mlreg local down    stop the local AWS emulator',
  ],
  cancel: ['mlreg abort    end the rollout that is under way; the champion serves everybody'],
  start: [
    'mlreg deploy VERSION    roll a version out',
    'mlreg local up --detach    start the local AWS emulator',
  ],
  release: ['mlreg deploy VERSION    roll a version out'],
  rollout: ['mlreg deploy VERSION    roll a version out', 'mlreg status    what serves now'],
  canary: ['mlreg deploy VERSION --strategy canary'],
  shadow: ['mlreg deploy VERSION --strategy shadow'],
  list: ['mlreg versions    the registry', 'mlreg history    past rollouts'],
  ls: ['mlreg versions    the registry', 'mlreg history    past rollouts'],
  up: ['mlreg local up --detach'],
  down: ['mlreg local down'],
  continue: ['mlreg resume'],
};

/** What to type instead of a command that does not exist; empty where mlreg has no guess. */
export const insteadOf = (command: string): readonly string[] =>
  Object.hasOwn(elsewhere, command) ? (elsewhere[command] ?? []) : [];
