import { type Command, Option } from 'commander';
import { UserError } from '../domain/user-error.ts';
import type { CommandRow } from './row.ts';

const versionFlags = '-V, --version';
const alone = "--version prints mlreg's own version, and only where it stands alone";

/** At the root: `mlreg --version rollback --to v2.2.0` must not print a version, do nothing and exit 0. */
export function refuseVersionBesideWords(program: Command): void {
  program.option(versionFlags, 'output the version number').on('option:version', () => {
    throw new UserError('usage', alone, { mend: 'mlreg --version' });
  });
}

/**
 * On a command `--version` means a model's version to whoever types it. It is refused, with the flag that was meant.
 * @param row null for a group such as `mlreg local`
 */
export function refuseVersion(command: Command, row: CommandRow | null): void {
  command
    .addOption(new Option(`${versionFlags} [version]`).hideHelp())
    .on('option:version', (given: string | null | undefined) => {
      const typed = pathOf(command);
      throw new UserError('usage', `${typed} has no option --version`, {
        why: alone,
        mend: row === null ? `${typed} --help` : meant(row, typed, given ?? null),
      });
    });
}

function meant({ name, options = [] }: CommandRow, typed: string, given: string | null): string {
  const version = given === null || given === '' ? 'VERSION' : given;
  if (name.endsWith('<version>')) return `${typed} ${version}`;
  const flag = options
    .map(([flags]) => /(--[\w-]+) <version>$/.exec(flags)?.[1])
    .find((found) => found !== undefined);
  return flag === undefined ? `${typed} --help` : `${typed} ${flag} ${version}`;
}

/**
 * A global option that could change nothing here is refused, for whoever typed it believes that it does.
 * @param typed whether the command line, and not a default, gave this option
 */
export function refuseWithoutEffect(
  command: Command,
  row: CommandRow,
  options: Readonly<Record<string, unknown>>,
  typed: (name: string) => boolean,
): void {
  for (const [name, why] of Object.entries(row.withoutEffect ?? {})) {
    // `-e local` says what holds anyhow.
    const isSo = name === 'environment' && row.name.startsWith('local ') && options[name] === 'local';
    const beside = row.effectBeside;
    const hasEffect = beside !== undefined && options[beside.option] === true && beside.names.includes(name);
    if (!typed(name) || isSo || hasEffect) continue;
    throw new UserError('usage', `${pathOf(command)} does not use --${name}`, {
      why,
      mend: `the same command without --${name}`,
    });
  }
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
