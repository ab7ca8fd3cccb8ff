import type { Store } from '../../ports/store.ts';

/** A refused endpoint is among the newest rollouts, or its quota was raised since. */
const newestRollouts = 3;

/** SageMaker's sentence, which a rollout's journal quotes. Source: its error ResourceLimitExceeded. */
const refusal =
  /service limit '[^']*[Tt]otal concurrency[^']*' is (\d+) \w+, with current utilization of \d+ \w+ and a request delta of \d+/;

/**
 * The total concurrency of serverless endpoints that AWS named when it refused one. Undefined where it did
 * not of late.
 */
export async function learnedConcurrency(
  store: Pick<Store, 'rollouts' | 'journal'>,
): Promise<number | undefined> {
  for (const id of (await store.rollouts()).slice(0, newestRollouts)) {
    for (const entry of [...(await store.journal(id))].reverse()) {
      const [, limit] = refusal.exec(JSON.stringify(entry)) ?? [];
      if (limit !== undefined) return Number(limit);
    }
  }
  return undefined;
}
