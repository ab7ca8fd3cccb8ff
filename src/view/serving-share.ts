import type { Observation } from '../domain/observation.ts';
import type { Instant } from '../domain/units.ts';
import { challengerShare, currentStep, type RolloutState } from '../engine/state.ts';

/** One version's share of users: planned, as the alias was read back, and as the requests were counted. */
export interface VersionShare {
  readonly version: string;
  readonly role: 'champion' | 'challenger';
  /** Percent that the present step wants. */
  readonly planned: number;
  /** Percent on the alias as last read back after a write. */
  readonly readBack: number;
  /** Percent of the requests counted at this share; null where none were. */
  readonly seen: number | null;
}

export interface Shares {
  /** The challenger first. */
  readonly versions: readonly VersionShare[];
  /** When the alias was last written and read back. */
  readonly readAt: Instant;
  readonly isShadow: boolean;
}

export function sharesOf(state: RolloutState): Shares {
  const { plan, route, routeSince } = state;
  const readBack = challengerShare(state);
  const planned = plannedShare(state);
  const seen = seenShare(state.observations, readBack);
  const champion: readonly VersionShare[] =
    plan.champion === null || plan.strategy === 'watch'
      ? []
      : [
          {
            version: plan.champion,
            role: 'champion',
            planned: 100 - planned,
            readBack: 100 - readBack,
            seen: seen === null ? null : 100 - seen,
          },
        ];
  return {
    versions: [{ version: plan.challenger, role: 'challenger', planned, readBack, seen }, ...champion],
    readAt: routeSince,
    isShadow: route?.kind === 'shadow',
  };
}

/** What the rollout wants now: of a way back, or of one that stopped, nobody on the challenger. */
function plannedShare(state: RolloutState): number {
  const { override, committed, outcome, rollback, step } = state;
  if (rollback !== null || outcome?.kind === 'rolled-back') return 0;
  if (committed || outcome?.kind === 'succeeded') return challengerShare(state);
  const present = currentStep(state);
  if (override !== null && override.step === step) return override.percent;
  if (present?.kind === 'bake') return present.percent;
  if (present?.kind === 'route' && present.route.kind === 'split') return present.route.percent;
  return challengerShare(state);
}

/** Ticks of the present share alone, the newest ones: half an hour of requests is enough to see a share. */
const mostTicks = 200;

function seenShare(observations: readonly Observation[], percent: number): number | null {
  let challengers = 0;
  let all = 0;
  for (let i = observations.length - 1; i >= Math.max(0, observations.length - mostTicks); i--) {
    const { plannedPercent, champion, challenger, straddlesChange, copies } = observations[i]!;
    if (plannedPercent !== percent || copies !== undefined) break;
    if (straddlesChange === true) continue;
    const own = (challenger?.requests ?? 0) + (challenger?.aside?.requests ?? 0);
    challengers += own;
    all += own + (champion?.requests ?? 0) + (champion?.aside?.requests ?? 0);
  }
  return all === 0 ? null : (100 * challengers) / all;
}
