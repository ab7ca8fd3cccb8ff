import type { Observation } from '../../../domain/observation.ts';
import type { JudgePolicy } from '../../../domain/policy.ts';
import type { Finding } from '../../../domain/verdict.ts';
import { binomialTail } from '../math/binomial-tail.ts';
import { percentText, thousands } from '../words.ts';

export interface SwitchHarm {
  step(observation: Observation): void;
  /** Null while the champion's users are as well off as before the switch. Once found it stays. */
  failing(): Finding | null;
  /** Failures of the champion's users that the switch is blamed for. */
  harmed(): number;
}

const minuteMs = 60_000;
const hourMinutes = 60;
const leastFailures = 20;
const times = 3;
/** Of alpha, at each tick after a switch: so little that the whole of a rollout adds less than a hundredth of it. */
const partOfAlpha = 1e-4;

interface Counts {
  requests: number;
  errors: number;
  ms: number;
  /** Of 16 groups of users: requests and errors; empty where the arm does not report them. */
  readonly groups: { requests: number; errors: number }[];
}

/**
 * Whether a write of the alias, and not the version on trial, harms the users who stay with the champion: another Lambda
 * version answers them from then on, with whatever code and settings came along. Asked until the warm-up after each change
 * of the share is over, of errors alone: at least 20 failures, at a rate above three times that of the champion's worst
 * minute in the hour before, and beyond chance for such a minute. Set-aside users count as well: they share the function.
 * All of that has to hold without the group of users with most failures, too: a switch harms everybody, and one caller whose
 * requests begin to fail decides nothing.
 * Source: section 5.5 of the method.
 */
export function createSwitchHarm(policy: JudgePolicy): SwitchHarm {
  const minutes: Counts[] = [];
  let open: Counts = empty();
  let share: number | null = null;
  let since: Counts | null = null;
  let worst = 0;
  let found: Finding | null = null;

  for (const { requests, errors, aside } of policy.history)
    remember(requests + (aside?.requests ?? 0), errors + (aside?.errors ?? 0), policy.historyTickMs);

  function remember(requests: number, errors: number, ms: number): void {
    open.requests += requests;
    open.errors += errors;
    open.ms += ms;
    if (open.ms < minuteMs) return;
    minutes.push(open);
    if (minutes.length > hourMinutes) minutes.shift();
    open = empty();
  }

  /** The rate of the worst minute; of a flawless hour what three failures in all of it would have been. */
  function worstRate(): number | null {
    const whole = [...minutes, open].filter(({ requests }) => requests > 0);
    const all = whole.reduce((sum, { requests }) => sum + requests, 0);
    if (all === 0) return null;
    return Math.max(3 / Math.max(3, all), ...whole.map(({ requests, errors }) => errors / requests));
  }

  function step({ tickMs, plannedPercent, champion, challenger }: Observation): void {
    if (champion === null) return;
    const requests = champion.requests + (champion.aside?.requests ?? 0);
    const errors = champion.errors + (champion.aside?.errors ?? 0);
    if (challenger !== null && share !== plannedPercent) {
      share = plannedPercent;
      const rate = worstRate();
      // Where nobody knows how it was before there is nothing to compare with.
      since = rate === null ? null : empty();
      worst = rate ?? 0;
    }
    if (since !== null) {
      since.requests += requests;
      since.errors += errors;
      since.ms += tickMs;
      champion.strata?.requests.forEach((count, k) => {
        const group = (since!.groups[k] ??= { requests: 0, errors: 0 });
        group.requests += count;
        group.errors += champion.strata?.errors[k] ?? 0;
      });
      found ??= harm(since, plannedPercent, tickMs);
      if (since.ms >= policy.warmUpMs) since = null;
    }
    remember(requests, errors, tickMs);
  }

  const level = partOfAlpha * policy.alpha;

  function chanceOf(requests: number, errors: number): number {
    if (errors < leastFailures || requests <= 0 || errors / requests <= times * worst) return 1;
    return binomialTail(requests, errors, Math.min(1, worst));
  }

  function harm({ requests, errors, ms, groups }: Counts, percent: number, tickMs: number): Finding | null {
    const byChance = chanceOf(requests, errors);
    if (byChance > level) return null;
    const heaviest = groups.reduce((most, group) => (group.errors > most.errors ? group : most), empty());
    if (chanceOf(requests - heaviest.requests, errors - heaviest.errors) > level) return null;
    const rate = errors / requests;
    return {
      metric: 'errors',
      rule: 'errors of the champion’s users after the switch',
      unit: 'share',
      champion: rate,
      challenger: null,
      limit: times * worst,
      evidence: Math.min(1e300, 1 / byChance),
      threshold: 1 / level,
      championRequests: requests,
      challengerRequests: 0,
      ticks: Math.max(1, Math.round(ms / tickMs)),
      blames: 'switch',
      sentence:
        `${thousands(errors)} of ${thousands(requests)} requests of users who stay with the champion failed since the switch to ` +
        `${percentText(percent / 100)} (${percentText(rate)}; worst minute of the hour before: ${percentText(worst)}). The switch did it, or what began with it, and not the version on trial`,
    };
  }

  return {
    step,
    failing: () => found,
    harmed: () => (found === null ? 0 : Math.round((found.champion ?? 0) * found.championRequests)),
  };
}

const empty = (): Counts => ({ requests: 0, errors: 0, ms: 0, groups: [] });
