import { later } from '../domain/units.ts';
import type { ArmSource, Clock, Metrics } from '../ports/index.ts';

export type SourceProof =
  /** The test request showed in the metrics after so long. */
  | { readonly kind: 'proven'; readonly lagMs: number }
  | { readonly kind: 'not-seen'; readonly afterMs: number }
  | { readonly kind: 'failed'; readonly why: string; readonly denied: boolean }
  /** These metrics, or this function, know no test requests. */
  | { readonly kind: 'unknown' };

const everyMs = 2_000;
/** A source without delay, as on this machine, keeps nobody waiting. */
const firstMs = 100;

/**
 * Sends one tagged request, which counts nowhere, and waits until the metrics show it: proves function, log format,
 * metric names, permissions and clock at once, and measures the lag.
 */
export async function proveSource(
  metrics: Metrics,
  arm: ArmSource,
  clock: Clock,
  withinMs: number,
): Promise<SourceProof> {
  if (metrics.probe === undefined || metrics.probeSeen === undefined) return { kind: 'unknown' };
  const begun = clock.now();
  const sent = await metrics.probe(arm);
  if (sent.kind !== 'sent') return sent;
  for (let pause = firstMs; ; pause = Math.min(everyMs, 2 * pause)) {
    const now = clock.now();
    if (await metrics.probeSeen(arm, sent.at)) return { kind: 'proven', lagMs: Math.max(0, now - begun) };
    if (now - begun >= withinMs) return { kind: 'not-seen', afterMs: now - begun };
    await clock.sleepUntil(later(now, pause));
  }
}

/** Twice the lag that was measured: what has not changed for so long is not about to. */
export const settleFor = (settleMs: number, horizonMs: number, lagMs: number): number =>
  Math.min(Math.max(settleMs, horizonMs), Math.max(settleMs, Math.ceil((2 * lagMs) / 1_000) * 1_000));
