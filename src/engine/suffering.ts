import type { Observation, Reading } from '../domain/observation.ts';
import type { Guardrails } from '../domain/policy.ts';

/** Fewer requests than this are no pattern. */
const fewest = 5;

/**
 * Whether users of the champion, whatever arm they are in, fail or wait beyond the guardrails in any tick of this reading:
 * then a rollback waits for nothing.
 * @returns why they may; null where the metrics show that nobody suffers, or that nobody calls
 */
export function sufferingIn(reading: Reading, guardrails: Guardrails): string | null {
  if (reading.kind === 'unreadable') return `the metrics can't be read (${reading.why})`;
  for (const tick of reading.observations) {
    const why = sufferingOf(tick, guardrails);
    if (why !== null) return why;
  }
  return null;
}

function sufferingOf(
  { champion, anonymous }: Observation,
  { errorRate, meanLatencyMs, throttleRate }: Guardrails,
): string | null {
  const counts = [champion, champion?.aside, anonymous].filter(
    (count) => count !== null && count !== undefined,
  );
  const requests = counts.reduce((sum, count) => sum + count.requests, 0);
  const errors = counts.reduce((sum, count) => sum + count.errors, 0);
  const { throttles = 0, meanLatencyMs: mean = 0 } = champion ?? {};
  if (errors >= fewest && errors > (errorRate ?? 0) * requests)
    return `${errors} of ${requests} requests have failed`;
  if (throttles >= fewest && throttles > (throttleRate ?? 0) * requests)
    return `${throttles} requests were throttled`;
  if (meanLatencyMs !== null && requests >= fewest && mean > meanLatencyMs)
    return `requests take ${Math.round(mean)} ms on average`;
  return null;
}
