import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createJobTokens } from '../../src/github/job-tokens.ts';
import type { JobTokens } from '../../src/ports/job-tokens.ts';

export const issuer = 'https://token.actions.githubusercontent.com';

/** What GitHub would say of a job; a member that is undefined is left out. */
export interface SignedJob {
  readonly claims?: Readonly<Record<string, string | undefined>>;
  readonly issuer?: string;
  readonly audience: string;
  /** When it was made, milliseconds since 1970. */
  readonly at: number;
  readonly livesMs?: number;
  /** By a key that the issuer does not have. */
  readonly forged?: boolean;
}

export interface JobIssuer {
  /** mlreg's own adapter, which knows this issuer's keys. */
  readonly tokens: JobTokens;
  sign(job: SignedJob): Promise<string>;
}

/** A click on the approval workflow, by `login`. */
export const click = (login: string): Record<string, string> => ({
  actor: login,
  actor_id: String([...login].reduce((sum, letter) => 31 * sum + letter.charCodeAt(0), 7)),
  repository: 'acme/models',
  environment: 'staging',
  event_name: 'workflow_dispatch',
  workflow_ref: 'acme/models/.github/workflows/approve-rollout.yml@refs/heads/main',
  run_id: '42',
  run_attempt: '1',
});

/** GitHub's token service with keys of its own. */
export async function jobIssuer(): Promise<JobIssuer> {
  const [own, foreign] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const keys = createLocalJWKSet({ keys: [jwk] });
  return {
    tokens: createJobTokens({}, () => keys),
    sign: ({ claims = {}, at, livesMs = 300_000, forged = false, ...said }) =>
      new SignJWT(JSON.parse(JSON.stringify(claims)))
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .setIssuer(said.issuer ?? issuer)
        .setAudience(said.audience)
        .setIssuedAt(Math.floor(at / 1_000))
        .setExpirationTime(Math.floor((at + livesMs) / 1_000))
        .sign(forged ? foreign.privateKey : own.privateKey),
  };
}
