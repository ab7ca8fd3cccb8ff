import { hash } from 'node:crypto';

/**
 * Who gets the challenger whatever its share. Neither ids nor token stand here in clear: a plan is kept for ever, and a
 * function's variables are read by many.
 */
export interface Testers {
  /** `testerDigest` of each user's id. */
  readonly users?: readonly string[];
  /** SHA-256 of the token, hexadecimal. */
  readonly token?: string;
  /** The header that holds the token, in small letters. */
  readonly header: string;
}

/** More digests would leave the route little room in the 4 KB of a function's variables. */
export const mostTesters = 20;

/** 128 bits of the SHA-256 of a user's id in Unicode NFC, base64url: 22 characters. */
export const testerDigest = (userId: string): string =>
  hash('sha256', `mlreg tester:${userId.normalize('NFC')}`, 'buffer')
    .subarray(0, 16)
    .toString('base64url');

/** Null where nobody is. */
export function testersOf({
  users,
  tokenSha256,
  header,
}: {
  readonly users: readonly string[];
  readonly tokenSha256: string | null;
  readonly header: string;
}): Testers | null {
  if (users.length === 0 && tokenSha256 === null) return null;
  return {
    ...(users.length > 0 && { users: users.map(testerDigest) }),
    ...(tokenSha256 !== null && { token: tokenSha256 }),
    header,
  };
}
