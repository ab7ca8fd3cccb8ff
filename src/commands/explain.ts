import { type Fault, UserError } from '../domain/user-error.ts';
import { PlatformError } from '../ports/platform.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

export interface Explained {
  readonly what: string;
  readonly why: string | undefined;
  readonly mend: readonly string[];
  readonly code: ExitCode;
}

/** Any error as what a person can read. */
export function explain(error: unknown, codeOf: (fault: Fault) => ExitCode): Explained {
  if (error instanceof UserError)
    return { what: error.message, why: error.why, mend: error.mend, code: codeOf(error.fault) };
  if (error instanceof PlatformError) {
    const { kind } = error.failure;
    const code = kind === 'denied' || kind === 'credentials' ? exitCode.credentials : exitCode.unexpected;
    return {
      what: error.message,
      why: undefined,
      mend: kind === 'credentials' ? ['aws sso login, or set AWS_PROFILE'] : [],
      code,
    };
  }
  const stack = error instanceof Error ? error.stack : undefined;
  return {
    what: error instanceof Error ? error.message : String(error),
    why: 'this is a mistake in mlreg, not in your input; no step was left half done that mlreg resume could not take up',
    mend: [
      ...(stack === undefined
        ? []
        : stack
            .split('\n')
            .slice(1, 4)
            .map((line) => line.trim())),
      'mlreg status',
    ],
    code: exitCode.unexpected,
  };
}
