import type { AnswerContract } from './answer-contract.ts';
import type { Approvers } from './approvers.ts';
import type { DeployWindows } from './deploy-windows.ts';
import type { JudgePolicy } from './policy.ts';
import type { Route, Routing } from './route.ts';
import type { ServingSettings } from './serving.ts';
import type { ShadowSetup } from './shadow.ts';
import type { Testers } from './testers.ts';
import type { Percent, VersionTag } from './units.ts';

export type StrategyName = 'canary' | 'blue-green' | 'shadow' | 'all-at-once' | 'rollback' | 'watch';
export type OnInconclusive = 'hold' | 'extend' | 'promote' | 'rollback';

export interface BakeStep {
  readonly kind: 'bake';
  /** The challenger's share all through it. */
  readonly percent: Percent;
  /** null: without end (`watch`). */
  readonly durationMs: number | null;
  /** May last so much longer while evidence is insufficient. */
  readonly extendMs: number;
  /** The last bake, whose end promotes: on non-inferiority, or by `onInconclusive`. */
  readonly final: boolean;
  /** At 0 %: nobody but testers has the challenger, and nothing is judged. */
  readonly testersOnly?: true;
  readonly onInconclusive: OnInconclusive;
}

/** One step of a plan: data, never code. Each states the end that is wanted. */
export type Step =
  | {
      readonly kind: 'approve';
      readonly needed: number;
      readonly timeoutMs: number;
      /** Who may, and what must prove it. Absent in `local` and in older plans: a name is enough. */
      readonly approvers?: Approvers;
    }
  | {
      readonly kind: 'provision';
      readonly version: VersionTag;
      /** All routes that the plan may move to: each is published before traffic moves. */
      readonly routes: readonly Route[];
      readonly timeoutMs: number;
    }
  | {
      readonly kind: 'smoke';
      readonly version: VersionTag;
      /** Also sends the smoke requests through the Lambda version that serves this route. */
      readonly route?: Route;
    }
  | {
      readonly kind: 'warm-up';
      readonly route: Route;
      /** Of a rollback: it waits no longer than this, and goes on where the version is not warm by then. */
      readonly withinMs?: number;
    }
  | {
      readonly kind: 'route';
      readonly route: Route;
      /** The alias that is to serve it; the plan's `alias` unless named. */
      readonly alias?: string;
    }
  | BakeStep
  | {
      readonly kind: 'swap-stage';
      /** The alias that the gateway's stage is to name. */
      readonly to: string;
      /** `new`: under a deployment of its own, where the stage doesn't deploy by itself. */
      readonly deployment: 'new' | 'keep';
    }
  | { readonly kind: 'promote'; readonly version: VersionTag }
  | { readonly kind: 'commit'; readonly keepPreviousMs: number }
  /** Reads how the answers to copies differed; the challenger is a candidate again. */
  | { readonly kind: 'report' }
  /** Takes the version's endpoint down for good. */
  | { readonly kind: 'retire'; readonly version: VersionTag }
  | { readonly kind: 'notify'; readonly subject: string };

/** The published Lambda version to which a rollback returns: it served this model version to everybody before. */
export interface Return {
  readonly functionVersion: string;
  readonly routing?: Routing | undefined;
  readonly codeSha256?: string | undefined;
}

/** What keeps the version that users may return to able to take everybody. */
export type ReturnWarmth =
  | {
      readonly kind: 'requests';
      readonly everyMs: number;
      /** Sent at once, each time; as the traffic was when the plan was made. */
      readonly requests: number;
      /** So long after the promotion; 0: only while the rollout runs, for there is no controller. */
      readonly afterMs: number;
    }
  | { readonly kind: 'provisioned'; readonly environments: number }
  | { readonly kind: 'none' };

/** What a strategy compiles to. Written whole into a rollout's first journal entry; a resumed rollout follows it. */
export interface Plan {
  readonly format: 1;
  readonly strategy: StrategyName;
  readonly model: string;
  readonly environment: string;
  /** null on a first deploy: there is nothing to roll back to. */
  readonly champion: VersionTag | null;
  readonly challenger: VersionTag;
  readonly routing: Routing;
  /** The alias that the stage names at rest: its writes move traffic. Blue-green's blue. */
  readonly alias: string;
  /** The other alias that a stage may name. At rest it serves what `alias` does. Undefined: there is none. */
  readonly green?: string;
  readonly steps: readonly Step[];
  /** Users who stay with the champion until the last bake is over. Absent: the last step says who. */
  readonly holdBack?: Percent;
  /** What stands in $LATEST and not in what serves, by name: published with the challenger, it is on trial as well. */
  readonly latest?: { readonly differences: readonly string[]; readonly take: boolean };
  /**
   * In what else than its route a published Lambda version may differ from what served when the plan was made, by name: more
   * would ride along unasked. Absent in older plans, in rollbacks, and where nothing served.
   */
  readonly mayDiffer?: readonly string[];
  /** How the challenger's endpoint is made, where the plan makes it. Absent in older plans: as configured where that is done. */
  readonly serving?: ServingSettings;
  /** In what the champion serves otherwise than configured, by name: on trial with the challenger. */
  readonly settings?: readonly string[];
  /** Of a rollback: where it goes without publishing anything. Undefined: a Lambda version has to be published. */
  readonly returnsTo?: Return;
  /** Of a rollback: what has to be built before users move, and why. Undefined: nothing. */
  readonly builds?: string;
  /**
   * Of a rollback whose `returnsTo` lets callers in by other API keys than today's, and how. A new Lambda version of it is
   * published and smoke-tested first; `returnsTo` is used only where that fails.
   */
  readonly republishes?: string;
  /** What answers must hold, or count as failed. Absent: anything. */
  readonly answers?: AnswerContract;
  /** Who gets the challenger from the first step on, and is not judged. */
  readonly testers?: Testers;
  /** Of a shadow: who asks the challenger, and how answers are compared. */
  readonly shadow?: ShadowSetup;
  /** The way back: a wanted route, resolved when it is needed. null: there is none (first deploy). */
  readonly undo: Route | null;
  /** Absent in older plans, and where there is nothing to return to. */
  readonly returnWarmth?: ReturnWarmth;
  readonly policy: JudgePolicy;
  readonly tickMs: number;
  /** Metrics of a tick are read so long after its end. */
  readonly settleMs: number;
  /** Metrics that arrive late are read again for so long. Absent in older plans: what came after `settleMs` was lost. */
  readonly horizonMs?: number;
  /**
   * What a breach does: `hold` advances no more, tells people and keeps the share; `hold-at-zero` takes the challenger's
   * users away as well. Either rolls back after `maxHoldMs`. Absent: it rolls back at once.
   */
  readonly onBreach?: 'hold' | 'hold-at-zero';
  /** How long a hold for a person may last before the rollout goes back by itself. */
  readonly maxHoldMs: number;
  /** When more users may get the challenger. Absent: at any time. */
  readonly windows?: DeployWindows;
  /** So long without readable metrics, and the rollout goes back. */
  readonly unreadableMs: number;
  /** Tries of one effect before its step fails. */
  readonly maxTries: number;
}

/** The largest share that was planned, and so approved. */
export function approvedPercent(plan: Plan): number {
  return plan.steps.reduce(
    (most, step) =>
      step.kind === 'route' && step.route.kind === 'split' ? Math.max(most, step.route.percent) : most,
    0,
  );
}
