import type { Environment } from '../environment.ts';
import { createPoster, type Machine, type Poster } from '../http-request.ts';
import { serviceAddress } from '../service-address.ts';

/** Which copies were compared before: asynchronous invocations are delivered at least once. */
export interface Seen {
  /** True for the first to claim this id, false for all others; `unknown` where that can't be told. Never rejects. */
  claim(id: string): Promise<boolean | 'unknown'>;
}

/** Longer than Lambda keeps any event. */
const keptSeconds = 7 * 3600;
const claimMs = 2_000;

/**
 * A DynamoDB table, hash key `requestId`, TTL `expiresAt`: one conditional put a copy. Without MLREG_SHADOW_TABLE this
 * execution environment's memory: a copy delivered again to another environment is then compared twice.
 */
export function createSeen(deps: Machine & { readonly env: Environment }): Seen {
  const table = deps.env.MLREG_SHADOW_TABLE;
  if (table === undefined || table === '') return memorySeen();
  try {
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.PutItem',
    };
    const poster = createPoster(serviceAddress(deps.env, 'dynamodb'), { headers }, deps);
    return tableSeen(table, poster, deps.now);
  } catch {
    return { claim: async () => 'unknown' };
  }
}

function tableSeen(table: string, poster: Poster, now: () => number): Seen {
  return {
    async claim(id) {
      const expiresAt = String(Math.floor(now() / 1000) + keptSeconds);
      const put = {
        TableName: table,
        Item: { requestId: { S: id }, expiresAt: { N: expiresAt } },
        ConditionExpression: 'attribute_not_exists(requestId)',
      };
      const reply = await poster.post('/', JSON.stringify(put), claimMs);
      if (reply.kind === 'failed') return 'unknown';
      if (reply.status === 200) return true;
      return reply.body.includes('ConditionalCheckFailedException') ? false : 'unknown';
    },
  };
}

const mostRemembered = 10_000;

export function memorySeen(): Seen {
  const seen = new Set<string>();
  return {
    async claim(id) {
      if (seen.has(id)) return false;
      const oldest = seen.values().next().value;
      if (seen.size >= mostRemembered && oldest !== undefined) seen.delete(oldest);
      seen.add(id);
      return true;
    },
  };
}
