import type { OnInconclusive } from '../domain/plan.ts';
import type { AnswerComparison } from '../domain/shadow.ts';
import type { Percent } from '../domain/units.ts';
import type { Settings } from './schema.ts';

export interface CanarySettings {
  readonly steps: readonly Percent[];
  /** At each step. */
  readonly bakeMs: number;
  readonly tickMs: number;
  readonly onInconclusive: OnInconclusive;
  readonly extendMs: number;
  /** Users who stay with the champion until the last bake is over; null: none. */
  readonly holdBack: Percent | null;
  readonly allowLargeFirstStep: boolean;
}

export interface BlueGreenSettings {
  readonly percent: Percent;
  readonly bakeMs: number;
  /** After the swap. */
  readonly finalBakeMs: number;
  readonly tickMs: number;
  readonly onInconclusive: OnInconclusive;
  readonly extendMs: number;
  readonly retireAfterMs: number;
  readonly allowLargeFirstStep: boolean;
}

export interface ShadowSettings {
  readonly sample: Percent;
  readonly bakeMs: number;
  readonly tickMs: number;
  readonly extendMs: number;
  readonly comparison: AnswerComparison;
  /** Share of answers that may differ; null: any. */
  readonly disagreement: number | null;
}

export interface WatchSettings {
  readonly tickMs: number;
}

function shadowSettings({ compare, ...shadow }: Settings['strategies']['shadow']): ShadowSettings {
  const { disagreement, ...comparison } = compare;
  return {
    sample: shadow.sample,
    bakeMs: shadow.bake,
    tickMs: shadow.tick,
    extendMs: shadow.extend,
    comparison,
    disagreement,
  };
}

/** The settings of each strategy, in the units of the domain. */
export function strategySettings({ strategies: { canary, blueGreen, shadow, watch } }: Settings): {
  readonly canary: CanarySettings;
  readonly blueGreen: BlueGreenSettings;
  readonly shadow: ShadowSettings;
  readonly watch: WatchSettings;
} {
  return {
    canary: {
      steps: canary.steps,
      bakeMs: canary.bake,
      tickMs: canary.tick,
      onInconclusive: canary.onInconclusive,
      extendMs: canary.extend,
      holdBack: canary.holdBack,
      allowLargeFirstStep: canary.allowLargeFirstStep,
    },
    blueGreen: {
      percent: blueGreen.percent,
      bakeMs: blueGreen.bake,
      finalBakeMs: blueGreen.finalBake,
      tickMs: blueGreen.tick,
      onInconclusive: blueGreen.onInconclusive,
      extendMs: blueGreen.extend,
      retireAfterMs: blueGreen.retireAfter,
      allowLargeFirstStep: blueGreen.allowLargeFirstStep,
    },
    shadow: shadowSettings(shadow),
    watch: { tickMs: watch.tick },
  };
}
