import type { JobClaims } from '../domain/job-claims.ts';
import type { Instant } from '../domain/units.ts';

export type TokenReading =
  | { readonly kind: 'signed'; readonly claims: JobClaims }
  /** It proves nothing; `why` repeats no part of the token. */
  | { readonly kind: 'refused'; readonly why: string }
  /** The issuer's keys can't be read now. */
  | { readonly kind: 'unreachable'; readonly why: string };

/** Tokens by which GitHub says whose job this is. */
export interface JobTokens {
  /**
   * A token of the job that this process runs in; null where it is in none, or the job may not have one.
   * @param env the process's environment variables
   * @throws UserError where GitHub does not answer
   */
  request(env: Readonly<Record<string, string | undefined>>, audience: string): Promise<string | null>;
  /** Checks signature, issuer, audience and time. Never throws, and answers within seconds. */
  verify(
    token: string,
    expected: { readonly issuer: string; readonly audience: string },
    now: Instant,
  ): Promise<TokenReading>;
}
