import type { AnswerContract } from '../domain/answer-contract.ts';
import type { Approvers } from '../domain/approvers.ts';
import type { DeployWindows } from '../domain/deploy-windows.ts';
import type { OnInconclusive, Plan, Return } from '../domain/plan.ts';
import type { JudgePolicy } from '../domain/policy.ts';
import type { Routing } from '../domain/route.ts';
import type { ServingSettings } from '../domain/serving.ts';
import type { ShadowSetup } from '../domain/shadow.ts';
import type { Testers } from '../domain/testers.ts';
import type { Percent, VersionTag } from '../domain/units.ts';

/** What every strategy needs to know. */
export interface Settings {
  readonly model: string;
  readonly environment: string;
  readonly champion: VersionTag | null;
  readonly challenger: VersionTag;
  readonly routing: Routing;
  readonly alias: string;
  /** The other alias that the gateway's stage may name, where there is one. */
  readonly green?: string;
  /** What answers must hold, or count as failed. */
  readonly answers?: AnswerContract;
  readonly testers?: Testers;
  readonly policy: JudgePolicy;
  readonly tickMs: number;
  readonly settleMs: number;
  readonly horizonMs?: number;
  /** Undefined: a breach rolls back. */
  readonly onBreach?: Plan['onBreach'];
  readonly maxHoldMs: number;
  /** Approvals by people other than the one who starts it, before anything reaches users. */
  readonly approvals: number;
  /** Who may give them; undefined: whoever has a name. */
  readonly approvers?: Approvers;
  /** When more users may get the challenger; undefined: at any time. */
  readonly windows?: DeployWindows;
  readonly approvalTimeoutMs: number;
  readonly provisionTimeoutMs: number;
  readonly keepPreviousMs: number;
  /** So long without readable metrics, and the rollout goes back. */
  readonly unreadableMs: number;
  /** Tries of one effect before its step fails. */
  readonly maxTries: number;
  /** How the challenger's endpoint is made. */
  readonly serving?: ServingSettings;
  /** Earlier generations of the challenger whose endpoint failed: taken down first, so that they hold no quota. */
  readonly replaces?: readonly VersionTag[];
}

export interface RollbackSettings extends Settings {
  /** The Lambda version that served the version before. Undefined: one has to be published. */
  readonly returnsTo?: Return | undefined;
  /** What has to be built before users move, and why. Undefined: nothing. */
  readonly builds?: string | undefined;
  /** How the API keys of `returnsTo` differ from today's: then it is published anew first. Undefined: they do not. */
  readonly republishes?: string | undefined;
  /** Nobody suffers: it waits so long for the version to be warm. Undefined: users move at once. */
  readonly warmWithinMs?: number | undefined;
  /** Smoke-tests the version before users move, also where nothing has to be built. */
  readonly smokeFirst?: boolean;
}

export interface BakeSettings {
  readonly bakeMs: number;
  readonly extendMs: number;
  readonly onInconclusive: OnInconclusive;
}

export interface CanarySettings extends Settings, BakeSettings {
  /** Growing; 100 may be the last. */
  readonly steps: readonly Percent[];
  /** What the last step leaves to the champion on purpose. */
  readonly holdBack?: Percent | undefined;
}

export interface BlueGreenSettings extends Settings, BakeSettings {
  /** Green's share of blue's traffic before the swap. */
  readonly percent: Percent;
  /** After the swap. */
  readonly finalBakeMs: number;
}

export interface ShadowSettings extends Settings, BakeSettings {
  /** Share of requests that are copied to the challenger. */
  readonly sample: Percent;
  readonly setup: ShadowSetup;
  /** The challenger's endpoint stays when the shadow has passed. */
  readonly keep: boolean;
}
