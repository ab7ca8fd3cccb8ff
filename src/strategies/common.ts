import type { BakeStep, Plan, Step, StrategyName } from '../domain/plan.ts';
import { type Percent, percent, type VersionTag } from '../domain/units.ts';
import type { Route } from '../domain/route.ts';
import type { BakeSettings, Settings } from './settings.ts';

export const single = (version: VersionTag): Route => ({ kind: 'single', version });

export const split = (champion: VersionTag, challenger: VersionTag, share: Percent): Route => ({
  kind: 'split',
  champion,
  challenger,
  percent: share,
});

export function approval(settings: Settings): readonly Step[] {
  const { approvals: needed, approvalTimeoutMs: timeoutMs, approvers } = settings;
  if (needed === 0) return [];
  return [{ kind: 'approve', needed, timeoutMs, ...(approvers === undefined ? {} : { approvers }) }];
}

/** Endpoint up, every route of the plan published, smoke requests answered: all before any user is touched. */
export function prepare(settings: Settings, routes: readonly Route[]): readonly Step[] {
  const { challenger, replaces = [] } = settings;
  return [
    ...replaces.map((version): Step => ({ kind: 'retire', version })),
    provision(settings, routes),
    { kind: 'smoke', version: challenger },
  ];
}

export const provision = (settings: Settings, routes: readonly Route[]): Step => ({
  kind: 'provision',
  version: settings.challenger,
  routes,
  timeoutMs: settings.provisionTimeoutMs,
});

export function bakeAt(settings: BakeSettings, share: Percent, final: boolean): BakeStep {
  return {
    kind: 'bake',
    percent: share,
    durationMs: settings.bakeMs,
    extendMs: settings.extendMs,
    final,
    onInconclusive: settings.onInconclusive,
  };
}

/** Everybody to the challenger, then the registry, then people. */
export function promotion(settings: Settings, subject: string): readonly Step[] {
  return [
    { kind: 'warm-up', route: single(settings.challenger) },
    { kind: 'promote', version: settings.challenger },
    ...conclusion(settings, subject),
  ];
}

/** The registry; then the other alias follows, so that at rest a stage reaches the champion whichever it names. */
export function conclusion(settings: Settings, subject: string): readonly Step[] {
  const { challenger, green } = settings;
  return [
    { kind: 'commit', keepPreviousMs: settings.keepPreviousMs },
    ...(green === undefined ? [] : [{ kind: 'route', route: single(challenger), alias: green } as const]),
    { kind: 'notify', subject },
  ];
}

/** All others move no users, or back. */
const hasWindows: ReadonlySet<StrategyName> = new Set(['canary', 'blue-green', 'all-at-once']);

/** A shadow harms nobody, and whoever goes back wants users away from what serves. */
const mayHold: ReadonlySet<StrategyName> = new Set(['canary', 'blue-green', 'watch']);

export function planOf(strategy: StrategyName, settings: Settings, steps: readonly Step[]): Plan {
  return {
    format: 1,
    strategy,
    model: settings.model,
    environment: settings.environment,
    champion: settings.champion,
    challenger: settings.challenger,
    routing: settings.routing,
    alias: settings.alias,
    ...(settings.green === undefined ? {} : { green: settings.green }),
    ...(settings.answers === undefined ? {} : { answers: settings.answers }),
    ...(settings.testers === undefined ? {} : { testers: settings.testers }),
    steps,
    undo: settings.champion === null ? null : single(settings.champion),
    policy: settings.policy,
    tickMs: settings.tickMs,
    settleMs: settings.settleMs,
    ...(settings.horizonMs === undefined ? {} : { horizonMs: settings.horizonMs }),
    ...(settings.onBreach !== undefined && mayHold.has(strategy) ? { onBreach: settings.onBreach } : {}),
    maxHoldMs: settings.maxHoldMs,
    ...(settings.windows !== undefined && hasWindows.has(strategy) ? { windows: settings.windows } : {}),
    unreadableMs: settings.unreadableMs,
    ...(settings.serving === undefined || !steps.some(({ kind }) => kind === 'provision')
      ? {}
      : { serving: settings.serving }),
    maxTries: settings.maxTries,
  };
}

/**
 * Everybody after the smoke test and the warm-up, without a bake: the first deploy, for which there is nothing to compare
 * with and nothing to go back to, and an environment that nobody calls.
 */
export function allAtOnce(settings: Settings): Plan {
  const { champion, challenger, environment } = settings;
  const is = champion === null ? 'is the first champion of' : 'was promoted in';
  return planOf('all-at-once', settings, [
    ...approval(settings),
    ...prepare(settings, [single(challenger)]),
    ...promotion(settings, `${challenger} ${is} ${environment}`),
  ]);
}

export const everybody = percent(100);
