import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import * as z from 'zod';
import { UserError } from '../domain/user-error.ts';
import { ask, type Reach } from '../notify/https-request.ts';
import type { JobTokens, TokenReading } from '../ports/job-tokens.ts';

/** Of the claims in https://docs.github.com/actions/reference/security/oidc those that mlreg goes by. */
const signed = z.object({
  actor: z.string().min(1),
  actor_id: z.coerce.string().min(1),
  repository: z.string().min(3),
  environment: z.string().optional(),
  event_name: z.string(),
  workflow_ref: z.string(),
  run_id: z.coerce.string(),
  run_attempt: z.coerce.string(),
});

/** A clock may be so far from GitHub's, seconds. */
const toleranceSeconds = 60;
/** A job asks for its token when it approves: an older one was kept for something. */
const oldest = '15 minutes';
const name = "GitHub's token service";

/**
 * GitHub's OIDC tokens, checked against the issuer's own keys. Keys are cached by issuer as long as the process lives, and
 * read anew for a key that is not known, at most every 30 seconds.
 */
export function createJobTokens(reach: Reach = {}, keysOf = remoteKeys(reach)): JobTokens {
  return {
    async request(env, audience) {
      const { ACTIONS_ID_TOKEN_REQUEST_URL: url = '', ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret = '' } = env;
      if (url === '' || secret === '' || !URL.canParse(url)) return null;
      const address = new URL(url);
      address.searchParams.set('audience', audience);
      const answer = await ask(
        { method: 'GET', url: address.href, name, headers: { authorization: `bearer ${secret}` } },
        reach,
      ).catch((error: unknown) => {
        throw noToken(error instanceof Error ? error.message : String(error));
      });
      const found = z.object({ value: z.string() }).safeParse(jsonOf(answer.text));
      if (answer.status !== 200 || !found.success) throw noToken(`it answered ${answer.status}`);
      return found.data.value;
    },

    async verify(token, { issuer, audience }, now) {
      try {
        const { payload } = await jwtVerify(token, keysOf(issuer), {
          issuer,
          audience,
          algorithms: ['RS256'],
          currentDate: new Date(now),
          clockTolerance: toleranceSeconds,
          maxTokenAge: oldest,
          requiredClaims: ['exp', 'iat', 'aud', 'iss'],
        });
        const claims = signed.safeParse(payload);
        if (!claims.success) return { kind: 'refused', why: 'its token is none of a GitHub job' };
        const { actor, repository, environment, ...more } = claims.data;
        return {
          kind: 'signed',
          claims: {
            actor,
            actorId: more.actor_id,
            repository,
            environment,
            eventName: more.event_name,
            workflowRef: more.workflow_ref,
            runId: more.run_id,
            runAttempt: more.run_attempt,
          },
        };
      } catch (error) {
        return readingOf(error, issuer);
      }
    },
  };
}

/** jose's own messages may repeat a claim's value, so they are not handed on. */
function readingOf(error: unknown, issuer: string): TokenReading {
  const refused = (why: string): TokenReading => ({ kind: 'refused', why });
  if (error instanceof errors.JWTExpired) return refused('its token has expired: start the workflow again');
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return refused('its token is for another rollout, environment or program');
    if (error.claim === 'iss') return refused(`its token is not one of ${issuer}`);
    return refused(`its token's ${error.claim} does not hold`);
  }
  if (error instanceof errors.JWKSNoMatchingKey) return refused(`its token is signed by no key of ${issuer}`);
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return refused('the signature of its token is wrong');
  if (error instanceof errors.JWKSTimeout || error instanceof KeysUnread)
    return { kind: 'unreachable', why: `the keys of ${issuer} can't be read now` };
  return refused('its token is none that GitHub signs');
}

class KeysUnread extends Error {}

function remoteKeys(reach: Reach): (issuer: string) => JWTVerifyGetKey {
  const known = new Map<string, JWTVerifyGetKey>();
  return (issuer) => {
    const found = known.get(issuer);
    if (found !== undefined) return found;
    const made = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks`), {
      cacheMaxAge: 3_600_000,
      [customFetch]: async (url) => {
        const answer = await ask({ method: 'GET', url, name }, reach).catch((cause: unknown) => {
          throw new KeysUnread('keys', { cause });
        });
        if (answer.status !== 200) throw new KeysUnread(`keys: ${answer.status}`);
        return new Response(answer.text, { status: 200 });
      },
    });
    known.set(issuer, made);
    return made;
  };
}

const noToken = (why: string): UserError =>
  new UserError('credentials', 'GitHub did not give this job a token that proves whose it is', {
    why,
    mend: 'give the job permissions: id-token: write, and start it again',
  });

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
