import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';

/** What an image of this machine runs: one program with its arguments, and never a shell. */
export interface LocalProgram {
  /** Absolute path. */
  readonly file: string;
  /** `{port}` stands for the server's port. */
  readonly args: readonly string[];
  /** Working directory, absolute. */
  readonly cwd: string;
}

/** An image that can't run here. The message says what was looked for and where. */
export class WrongImage extends Error {
  override readonly name = 'WrongImage';
  /** What to write or do instead. */
  readonly fix: string;
  constructor(message: string, fix: string) {
    super(message);
    this.fix = fix;
  }
}

/** Where programs are looked for. */
export interface Machine {
  /** The variable PATH. */
  readonly path: string;
  /** The Node that runs servers written as a `.mjs` file alone. */
  readonly node: string;
}

/**
 * Finds the program of an image and looks whether it could run. An image is one of
 *
 *     local:///path/to/server.mjs                         a server for this Node; `serve` is its argument
 *     local:///path/to/folder/?run=python3&run=serve.py   a program with its arguments, in that folder
 *
 * each part percent-encoded.
 * @throws WrongImage
 */
export function findProgram(image: string, machine: Machine): LocalProgram {
  const parsed = parse(image);
  if (parsed === undefined) {
    throw new WrongImage(
      `Image ${image} can't run here: local AWS runs programs of this machine, not containers`,
      'write local://./serve.mjs, local://./serve or local://python3 serve.py',
    );
  }
  if (parsed.kind === 'module') {
    mustBeFile(parsed.path, image);
    return { file: machine.node, args: [parsed.path, 'serve'], cwd: dirname(parsed.path) };
  }
  const { cwd, words } = parsed;
  const [first = '', ...args] = words;
  if (!isDirectory(cwd))
    throw new WrongImage(`there is no folder ${cwd}`, 'move mlreg.yaml back, or make it');
  for (const script of scriptsIn(args)) {
    const file = resolve(cwd, script);
    if (!isFile(file)) {
      throw new WrongImage(
        `${first} is to run ${script}, and there is no file ${file}`,
        'paths are relative to the folder of mlreg.yaml: write the right one, or make the file',
      );
    }
  }
  if (isModule(first)) {
    const file = resolve(cwd, first);
    mustBeFile(file, first);
    return { file: machine.node, args: [file, ...args], cwd };
  }
  return {
    file: first.includes('/') ? ownProgram(cwd, first, machine) : programInPath(cwd, first, machine),
    args,
    cwd,
  };
}

type Parsed =
  | { readonly kind: 'module'; readonly path: string }
  | { readonly kind: 'command'; readonly cwd: string; readonly words: readonly string[] };

function parse(image: string): Parsed | undefined {
  if (!image.startsWith('local:///')) return undefined;
  const [path = '', query] = splitOnce(image.slice('local://'.length), '?');
  try {
    if (query === undefined)
      return isModule(path) ? { kind: 'module', path: decodeURIComponent(path) } : undefined;
    const parts = query.split('&').map((part) => splitOnce(part, '='));
    const words = parts.map(([name, value = '']) => (name === 'run' ? decodeURIComponent(value) : ''));
    if (words.length === 0 || words[0] === '' || parts.some(([name]) => name !== 'run')) return undefined;
    return { kind: 'command', cwd: resolve(decodeURIComponent(path)), words };
  } catch {
    // Not percent-encoded.
    return undefined;
  }
}

function splitOnce(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

const isModule = (path: string): boolean => /\.[cm]?js$/.test(path);

/** Arguments that name the source of a program; those behind `-m`, `-c` and `-e` don't. */
function scriptsIn(args: readonly string[]): readonly string[] {
  const end = args.findIndex((arg) => /^-[mce]$/.test(arg));
  return (end < 0 ? args : args.slice(0, end)).filter(
    (arg) => !arg.startsWith('-') && /\.(py|pyz|[cm]?[jt]s|rb|pl|php|R|jar|sh)$/.test(arg),
  );
}

/** A program named by a path, relative to the folder. */
function ownProgram(cwd: string, word: string, machine: Machine): string {
  const file = resolve(cwd, word);
  mustBeFile(file, word);
  if (!mayRun(file)) {
    const interpreter = interpreters.find(([ending]) => ending.test(word))?.[1];
    throw new WrongImage(
      `${file} is not executable`,
      interpreter === undefined
        ? `chmod +x ${file}`
        : `write local://${interpreter} ${word}, or chmod +x ${file}`,
    );
  }
  const start = beginningOf(file);
  if (start === undefined || start.includes('\0')) return file;
  const line = /^#!\s*(\S+)(?:[ \t]+(?:-S[ \t]+)?(\S+))?/.exec(start);
  if (line?.[1] === undefined) {
    throw new WrongImage(
      `${file} is text without a #! line, which the system can't run`,
      'begin it with a line such as #!/usr/bin/env python3, or name its interpreter: local://python3 FILE',
    );
  }
  const [, interpreter, argument] = line;
  const missing = `${file} names the interpreter`;
  if (!isFile(interpreter)) {
    throw new WrongImage(
      `${missing} ${interpreter}, and there is no such file`,
      `install it, or change the first line of ${word}`,
    );
  }
  if (/\/env$/.test(interpreter) && argument !== undefined && !argument.startsWith('-'))
    programInPath(cwd, argument, machine);
  return file;
}

const interpreters = [
  [/\.py$/, 'python3'],
  [/\.rb$/, 'ruby'],
  [/\.R$/, 'Rscript'],
  [/\.jar$/, 'java -jar'],
] as const;

function programInPath(cwd: string, word: string, machine: Machine): string {
  const directories = machine.path.split(delimiter).filter((directory) => isAbsolute(directory));
  const found = directories
    .map((directory) => join(directory, word))
    .find((file) => isFile(file) && mayRun(file));
  if (found !== undefined) return found;
  if (word === 'node') return machine.node;
  if (isFile(join(cwd, word)))
    throw new WrongImage(
      `there is no program ${word} in ${listed(directories)}`,
      `write local://./${word} for the file in ${cwd}`,
    );
  throw new WrongImage(
    `there is no program ${word} in ${listed(directories)}`,
    `install ${word}, or put its folder into PATH; where local AWS was started with another PATH, start it again`,
  );
}

function listed(directories: readonly string[]): string {
  if (directories.length === 0) return 'PATH, which is empty';
  const shown = directories.slice(0, 8).join(', ');
  return directories.length > 8 ? `PATH (${shown} and ${directories.length - 8} more)` : `PATH (${shown})`;
}

function mustBeFile(file: string, said: string): void {
  if (isFile(file)) return;
  const what = isDirectory(file) ? `${file} is a folder, no file` : `there is no file ${file}`;
  throw new WrongImage(
    `Image ${said}: ${what}`,
    'paths are relative to the folder of mlreg.yaml; put quotes around one with spaces',
  );
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
const isDirectory = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Undefined where it may be run and not read. */
function beginningOf(path: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const bytes = Buffer.alloc(256);
    return bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, 256, 0));
  } finally {
    closeSync(descriptor);
  }
}
