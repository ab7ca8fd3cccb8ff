import { format } from 'node:util';
import vm from 'node:vm';
import { type FunctionLogging, type FunctionSnapshot, type LogLevel, logLevels } from '../seams.ts';

/** A handler as Node runtimes of Lambda call it. */
type Handler = (event: unknown, context: object) => unknown;

/** One loaded copy of a function's module: its state, its `process`, its `console`. */
export interface HandlerModule {
  readonly handler: Handler;
  /** True once the code called process.exit: the environment is gone, as on Lambda. */
  exited(): boolean;
}

/** Frames of the functions' own code carry this file name, as on Lambda; the daemon tells by it whose error it sees. */
export const taskRoot = '/var/task';

/** What `require` gives in place of Node's own module, by its name without `node:`. */
export type ModulesInstead = Readonly<Record<string, unknown>>;

type Wrapper = (process: object, console: object) => (...commonJs: unknown[]) => void;

/**
 * Loads a version's bundle anew: module state is its own, compiled code is shared between equal digests.
 * `globalThis` is shared with the whole process, so globals set by one environment are seen by others; on Lambda they are not.
 * @throws whatever the module throws while it loads, and where the handler is not there
 */
export function loadHandler(
  version: FunctionSnapshot,
  environment: Readonly<Record<string, string>>,
  print: (line: string) => void,
  modules: ModulesInstead = {},
): HandlerModule {
  let exited = false;
  const console = consoleThat(print, version.logging);
  const process = processWith(environment, print, () => {
    exited = true;
  });
  const [file, name] = splitHandler(version.handler);
  const filename = `${taskRoot}/${file}.js`;
  const module = { exports: {} as Record<string, unknown> };
  const wrapper = compile(version, filename);
  const require = requireFor({ ...modules, process, console });
  wrapper(process, console)(module.exports, require, module, filename, taskRoot);

  const handler = module.exports[name];
  if (typeof handler !== 'function') {
    throw named('Runtime.HandlerNotFound', `${version.handler} is undefined or not exported`);
  }
  return { handler: handler as Handler, exited: () => exited };
}

const compiled = new Map<string, Wrapper>();
const compiledAtMost = 32;

/** Two functions, one in the other, so that a bundle may declare its own `process` or `console` at its top level. */
function compile(version: FunctionSnapshot, filename: string): Wrapper {
  const key = `${filename}\n${version.codeSha256}`;
  const known = compiled.get(key);
  if (known) return known;
  const prefix =
    '(function (process, console) { return function (exports, require, module, __filename, __dirname) {';
  const source = `${prefix}${new TextDecoder().decode(version.code)}\n}})`;
  const script = new vm.Script(source, {
    filename,
    columnOffset: -prefix.length,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const wrapper = script.runInThisContext() as Wrapper;
  const oldest = compiled.keys().next().value;
  if (compiled.size >= compiledAtMost && oldest !== undefined) compiled.delete(oldest);
  compiled.set(key, wrapper);
  return wrapper;
}

function splitHandler(handler: string): [string, string] {
  const dot = handler.lastIndexOf('.');
  if (dot <= 0) throw named('Runtime.MalformedHandlerName', 'Bad handler');
  return [handler.slice(0, dot), handler.slice(dot + 1)];
}

/** Only what Node itself has: the package is one file, so anything else would come from this program's own modules. */
function requireFor(instead: ModulesInstead): (id: string) => unknown {
  return (id) => {
    const plain = id.startsWith('node:') ? id.slice(5) : id;
    if (Object.hasOwn(instead, plain)) return instead[plain];
    const found: unknown = globalThis.process.getBuiltinModule(id);
    if (found === undefined) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${id}'`);
    return found;
  };
}

/** The real process, less what would let a function change or end the daemon. */
function processWith(
  environment: Readonly<Record<string, string>>,
  print: (line: string) => void,
  onExit: () => void,
): object {
  const stream = {
    write: (text: unknown) => (print(String(text).replace(/\n$/, '')), true),
    isTTY: false,
    on: () => stream,
  };
  const exit = (code?: number): never => {
    onExit();
    throw named('Runtime.ExitError', `Runtime exited with exit status ${code ?? 0}`);
  };
  const silent = (): object => stream;
  const local = Object.create(process, {
    env: { value: { ...environment }, writable: true, enumerable: true },
    argv: { value: ['node', taskRoot] },
    stdout: { value: stream },
    stderr: { value: stream },
    exit: { value: exit },
    abort: { value: exit },
    kill: { value: exit },
    chdir: { value: () => undefined },
    on: { value: silent },
    once: { value: silent },
    off: { value: silent },
    addListener: { value: silent },
    removeListener: { value: silent },
    emitWarning: { value: (warning: unknown) => print(String(warning)) },
  }) as object;
  return local;
}

/**
 * One call is one log event, however many lines, as on Lambda. With the JSON log format the runtime puts the text into a
 * member of an object, and drops what is below the level; what a function writes to stdout by itself is left alone.
 * Source: Lambda developer guide, "Log and monitor Node.js Lambda functions".
 */
function consoleThat(print: (line: string) => void, logging: FunctionLogging | undefined): object {
  const say =
    (level: LogLevel) =>
    (...parts: unknown[]): void => {
      const message = parts.length === 1 && typeof parts[0] === 'string' ? parts[0] : format(...parts);
      if (logging?.format !== 'JSON') return print(message);
      if (logLevels.indexOf(level) < logLevels.indexOf(logging.level)) return;
      print(JSON.stringify({ level, message }));
    };
  const levels = {
    log: say('INFO'),
    info: say('INFO'),
    warn: say('WARN'),
    error: say('ERROR'),
    debug: say('DEBUG'),
    trace: say('TRACE'),
  };
  return Object.assign(Object.create(console) as object, levels);
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
