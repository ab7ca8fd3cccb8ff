import type { Observation } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';
import type { Finding } from '../../../domain/verdict.ts';
import { createDisagreement } from './disagreement.ts';
import { chanceText, evidenceOf, percentText, thousands } from '../words.ts';

export interface DisagreementRule {
  step(observation: Observation): void;
  finding(): Finding | null;
  /** The same, once the answers differ more often than allowed, beyond chance. */
  failing(): Finding | null;
  /** Why a shadow can't pass yet on what was compared; null where it can. */
  doubt(): string | null;
}

const shareOfAlpha = 0.25;

/** What is left of the policy's alpha for errors, latency and guardrails. */
export const alphaOfRest = ({ alpha, disagreement }: JudgePolicy): number =>
  disagreement === undefined ? alpha : alpha * (1 - shareOfAlpha);

/** What a bake must have been able to catch: so many times the share that is allowed. */
const detectable = 1.5;

/**
 * Shadow: do the answers differ more often than allowed? A lane of its own beside the comparison of errors and latency.
 * It passes where they don't seem to, and a share half as large again as allowed would have been caught by then.
 * Null where nothing is allowed or forbidden. Source: section 7.1 of the method.
 */
export function createDisagreementRule({ alpha, disagreement }: JudgePolicy): DisagreementRule | null {
  if (disagreement === undefined) return null;
  const own = alpha * shareOfAlpha;
  const test = createDisagreement({ alpha: own, allowed: disagreement });
  const seen = { compared: 0, disagreed: 0, ticks: 0, championRequests: 0, challengerRequests: 0 };
  const threshold = 1 / own;

  function finding(): Finding | null {
    if (seen.ticks === 0) return null;
    const share = seen.compared === 0 ? null : seen.disagreed / seen.compared;
    const logE = test.tooMuch();
    return {
      metric: 'disagreement',
      rule: `answers that differ > ${percentText(disagreement ?? 0)}`,
      unit: 'share',
      champion: null,
      challenger: share,
      limit: disagreement ?? null,
      evidence: evidenceOf(logE),
      threshold,
      championRequests: seen.championRequests,
      challengerRequests: seen.challengerRequests,
      ticks: seen.ticks,
      sentence:
        share === null
          ? 'no answers were compared'
          : `${percentText(share)} of the answers differ, ${percentText(disagreement ?? 0)} allowed: ${chanceText(logE)} (${thousands(seen.disagreed)} of ${thousands(seen.compared)} answers)`,
    };
  }

  return {
    step({ copies, champion, challenger }) {
      if (copies === undefined) return;
      test.update(copies.compared, copies.disagreed);
      seen.compared += copies.compared;
      seen.disagreed += copies.disagreed;
      seen.championRequests += champion?.requests ?? 0;
      seen.challengerRequests += challenger?.requests ?? 0;
      seen.ticks++;
    },
    finding,
    failing: () => (test.tooMuch() >= Math.log(threshold) ? finding() : null),
    doubt() {
      if (seen.compared === 0) return 'no answers were compared';
      const share = seen.disagreed / seen.compared;
      if (share > disagreement)
        return `${percentText(share)} of the answers differ, ${percentText(disagreement)} allowed; it may be chance yet`;
      return couldHaveCaught(own, disagreement, seen)
        ? null
        : `too few answers compared to tell (${thousands(seen.compared)})`;
    },
  };
}

/** Whether as many answers, spread over as many ticks, would have shown a share that is well too large. */
function couldHaveCaught(
  alpha: number,
  allowed: number,
  { compared, ticks }: { readonly compared: number; readonly ticks: number },
): boolean {
  const wrong = Math.min((1 + allowed) / 2, detectable * allowed);
  const test = createDisagreement({ alpha, allowed });
  for (let tick = 0; tick < ticks; tick++) test.update(compared / ticks, (wrong * compared) / ticks);
  return test.tooMuch() >= Math.log(1 / alpha);
}
