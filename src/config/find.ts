import { dirname, join, relative, resolve } from 'node:path';
import { UserError } from '../domain/user-error.ts';

export const fileName = 'mlreg.yaml';

export interface Places {
  readonly cwd: string;
  /** `--config` or MLREG_CONFIG, relative to cwd. */
  readonly file?: string | undefined;
  readonly exists: (path: string) => boolean;
}

/**
 * mlreg.yaml in `cwd` or above it, up to the root of its git repository. Outside a repository only `cwd` is looked at:
 * further up anybody's file may lie.
 * @returns an absolute path
 * @throws UserError `usage` where a file that was named is not there
 */
export function findConfig({ cwd, file, exists }: Places): string | undefined {
  if (file !== undefined) {
    const path = resolve(cwd, file);
    if (exists(path)) return path;
    const found = searched(cwd, exists)
      .map((directory) => join(directory, fileName))
      .find(exists);
    throw new UserError('usage', `there is no file ${file}`, {
      mend:
        found === undefined
          ? `--config FILE, a file that is there; or none, in the folder of ${fileName} or below it`
          : `--config ${relative(cwd, found)}`,
    });
  }
  return searched(cwd, exists)
    .map((directory) => join(directory, fileName))
    .find(exists);
}

/** @param isLenient names are enough for the command, where somebody gives them */
export function noConfig({ cwd, exists }: Places, isLenient = false): UserError {
  const directories = searched(cwd, exists);
  const yml = directories.map((directory) => join(directory, 'mlreg.yml')).find(exists);
  const last = directories.at(-1) ?? cwd;
  return new UserError(
    'usage',
    `there is no ${fileName} in ${cwd}${last === cwd ? '' : ` or above it, up to ${last}`}`,
    {
      mend:
        yml === undefined
          ? isLenient
            ? // Whoever rolls back has a file somewhere: a new one would name another model.
              [
                `the same command in the folder of ${fileName}, or below it`,
                'mlreg --config FILE',
                'or without the file, by the default names: add --model NAME --environment NAME --region REGION',
              ]
            : ['mlreg init', 'mlreg --config FILE']
          : `mv ${relative(cwd, yml)} ${join(dirname(relative(cwd, yml)), fileName)}`,
    },
  );
}

function searched(cwd: string, exists: (path: string) => boolean): readonly string[] {
  const directories: string[] = [];
  for (let directory = resolve(cwd); ; directory = dirname(directory)) {
    directories.push(directory);
    if (exists(join(directory, '.git'))) return directories;
    if (dirname(directory) === directory) return directories.slice(0, 1);
  }
}
