import { RootCommand } from '@bomb.sh/tab';
import { UserError } from '../domain/user-error.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

const shells = ['bash', 'zsh', 'fish', 'powershell'];

/** What a shell has to read once, so that it asks `mlreg complete` at the tab key. */
export async function completion(_context: Context, _options: unknown, shell: string): Promise<ExitCode> {
  if (!shells.includes(shell)) {
    throw new UserError('usage', `'${shell}' is no shell that mlreg can complete for`, {
      why: `it knows ${shells.join(', ')}`,
      mend: 'mlreg completion bash',
    });
  }
  new RootCommand().setup('mlreg', 'mlreg', shell);
  return exitCode.done;
}

type OptionRow = readonly [flags: string, description: string, byDefault?: string];

export interface Completable {
  readonly commands: readonly {
    readonly name: string;
    readonly alias?: string;
    readonly summary: string;
    readonly options?: readonly OptionRow[];
  }[];
  readonly globalOptions: readonly OptionRow[];
  /** Words that an option takes, by its long name. */
  readonly choices: Readonly<Record<string, readonly string[]>>;
}

/** Answers the shell: what may stand where the cursor is. Asks nothing of AWS, for it runs at each press of a key. */
export function complete({ commands, globalOptions, choices }: Completable) {
  return async (context: Context, _options: unknown, ...given: readonly unknown[]): Promise<ExitCode> => {
    const root = new RootCommand();
    const words: Completable['choices'] = { ...choices, environment: await environments(context) };
    for (const [name, summary] of groupsOf(commands)) root.command(name, summary);
    for (const { name, alias, summary, options = [] } of commands) {
      for (const typed of alias === undefined ? [name] : [name, alias]) {
        const command = root.command(bare(typed), summary);
        for (const option of [...options, ...globalOptions]) addOption(command, option, words);
      }
    }
    root.parse(given.flat().map(String));
    return exitCode.done;
  };
}

function addOption(
  command: ReturnType<RootCommand['command']>,
  [flags, description]: OptionRow,
  choices: Completable['choices'],
): void {
  const [, short, name = '', value] = /^(?:-(\w), )?--([\w-]+)(?: (.+))?$/.exec(flags) ?? [];
  if (value === undefined) command.option(name, description, short);
  else command.option(name, description, (found) => choices[name]?.forEach((word) => found(word, '')), short);
}

/** `local up` makes `local` a word as well. */
function groupsOf(commands: Completable['commands']): ReadonlyMap<string, string> {
  const groups = new Map<string, string[]>();
  for (const { name } of commands) {
    const [first = '', second] = bare(name).split(' ');
    if (second !== undefined) groups.set(first, [...(groups.get(first) ?? []), second]);
  }
  return new Map([...groups].map(([name, seconds]) => [name, seconds.join(', ')]));
}

/** `show <rollout>` is typed `show`. */
const bare = (name: string): string => name.replace(/ [<[].*$/, '');

async function environments(context: Context): Promise<readonly string[]> {
  try {
    return (await context.config('lenient')).environmentNames;
  } catch {
    // A file that is not there yet, or has a mistake: no word about it in the middle of a line.
    return [];
  }
}
