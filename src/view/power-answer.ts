import type { ChampionBreach } from '../monitor/judge/guardrails/champion-breach.ts';
import type { Range } from '../monitor/judge/power-range.ts';
import type { Caught, CaughtErrors } from '../monitor/judge/power/power.ts';

/** What a plan's bakes can find at the traffic that the champion had. Shares are 0 to 1. */
export type Power =
  | { readonly kind: 'unknown'; readonly why: string }
  | {
      readonly kind: 'known';
      readonly traffic: TrafficNow;
      readonly bakes: readonly BakePower[];
      /** The chance that such a challenger passes every bake, and is promoted; empty where the plan promotes nothing, or a bake has no verdict. */
      readonly promoted: readonly (Range & { readonly ratio: number })[];
      /** Baking time until an equal challenger is shown to be no worse; null: never at the promote margin. */
      readonly promotionMs: number | null;
      /** What of it takes longest. */
      readonly promotionBy: 'errors' | 'latency';
      /** Whether that proof ends the last bake early: there must be a champion beside it. */
      readonly provable: boolean;
      readonly warnings: readonly Warning[];
      /** Guardrails that the champion breaches already. */
      readonly championBreaches: readonly ChampionBreach[];
    };

export interface TrafficNow {
  readonly requestsPerSecond: number;
  readonly errorRate: number;
  /** null without a latency histogram. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly requests: number;
  readonly overMs: number;
}

export interface BakePower {
  readonly percent: number;
  readonly durationMs: number;
  readonly challengerRequests: number;
  /** Errors at these multiples of the champion's. */
  readonly errors: readonly CaughtErrors[];
  readonly slower: Caught & { readonly factor: number };
  readonly totalFailure: Caught;
}

/** Something that the policy claims to guard against, and a bake can't. */
export type Warning =
  | {
      readonly kind: 'no-verdict';
      readonly percent: number;
      /** So many times the champion's errors or latency would be missed. */
      readonly what: 'errors' | 'latency';
      readonly ratio: number;
      readonly probability: number;
      /** Of a bake that would do; null: none would. */
      readonly enoughMs: number | null;
    }
  | {
      readonly kind: 'guardrail';
      readonly percent: number;
      readonly errorRate: number;
      readonly probability: number;
    }
  | {
      readonly kind: 'latency';
      readonly percent: number;
      readonly factor: number;
      readonly probability: number;
    }
  /** `week`: it is compared with the same hours of the last seven days. */
  | { readonly kind: 'alone'; readonly percent: number; readonly week: boolean };
