import { type Fault, UserError } from '../domain/user-error.ts';
import { PlatformError } from '../ports/platform.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

export interface Explained {
  readonly what: string;
  readonly why: string | undefined;
  readonly mend: readonly string[];
  readonly code: ExitCode;
  /** Where a mistake of ours happened, a line each. */
  readonly stack?: readonly string[];
}

/**
 * Any error as what a person can read.
 * @param env of the process: it may send requests to AWS through a proxy
 */
export function explain(
  error: unknown,
  codeOf: (fault: Fault) => ExitCode,
  env: Readonly<Record<string, string | undefined>>,
): Explained {
  if (error instanceof UserError)
    return {
      what: error.message,
      why: error.why,
      mend: error.mend,
      code: isLasting(error.cause) ? exitCode.usage : codeOf(error.fault),
    };
  if (error instanceof PlatformError) {
    const { kind } = error.failure;
    const code = kind === 'denied' || kind === 'credentials' ? exitCode.credentials : exitCode.unexpected;
    return {
      what: error.message,
      why: kind === 'unknown' ? throughProxy(env) : undefined,
      mend: kind === 'credentials' ? ['aws sso login, or set AWS_PROFILE'] : [],
      code,
    };
  }
  const file = fileFault(error);
  if (file !== null) return file;
  const stack = error instanceof Error ? error.stack : undefined;
  return {
    what: error instanceof Error ? error.message : String(error),
    why: 'this is a mistake in mlreg, not in your input; no step was left half done that mlreg resume could not take up',
    mend: ['mlreg status', 'the same again with MLREG_DEBUG=1, which shows where it happened'],
    code: exitCode.unexpected,
    stack: stack?.split('\n').slice(1) ?? [],
  };
}

/** Of what does not answer a proxy may be the cause. Its URL is shown without the password that it may hold. */
function throughProxy(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const name = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'].find(
    (one) => (env[one] ?? '') !== '',
  );
  const value = name === undefined ? '' : (env[name] ?? '');
  const url = value.includes('://') ? value : `http://${value}`;
  if (name === undefined || !URL.canParse(url)) return undefined;
  return `AWS is asked through the proxy ${new URL(url).origin} (${name})`;
}

/** May be over when the same command is typed again. */
const passing: Readonly<Record<string, string>> = {
  EBUSY: 'something else uses it',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk reports an error',
  EMFILE: 'this process has too many files open (ulimit -n)',
  ENFILE: 'this machine has too many files open',
  ENOSPC: 'the disk is full',
};

const fileFaults: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  ELOOP: 'its symbolic links lead round in a circle',
  ENAMETOOLONG: 'the name is too long for this file system',
  EPERM: 'permission denied',
  ENOTDIR: 'a part of this path is a file, not a directory',
  EEXIST: 'there is a file in its place',
  EISDIR: 'it is a directory, not a file',
  ENOENT: 'it is not there',
  EROFS: 'the file system is read-only',
  ...passing,
};

/** Something else stands where mlreg's file should be, or this user has no right to it: that ends by no waiting. */
const lasting = new Set(['EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);

const isLasting = (cause: unknown): boolean =>
  cause instanceof Error && (('code' in cause && lasting.has(String(cause.code))) || isLasting(cause.cause));

/** A path that the user, or the machine, gave and that can't be used. */
function fileFault(error: unknown): Explained | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  const { code } = error;
  const why = typeof code === 'string' ? fileFaults[code] : undefined;
  if (why === undefined) return null;
  // Reading a directory as a file is an error that names no path.
  const path = 'path' in error && typeof error.path === 'string' ? error.path : null;
  return {
    what: path === null ? `a file can't be used: ${error.message}` : `${path} can't be used`,
    why,
    mend: [
      path === null ? 'fix or move it, then try again' : `ls -ld ${path}  # fix or move it, then try again`,
    ],
    code: String(code) in passing ? exitCode.unexpected : exitCode.usage,
  };
}
