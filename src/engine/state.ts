import type { Person } from '../domain/identity.ts';
import type {
  Actor,
  Effect,
  EndpointWarmed,
  Kept,
  Outcome,
  RollbackCause,
  Stamp,
} from '../domain/journal.ts';
import type { Observation } from '../domain/observation.ts';
import type { Plan, Step } from '../domain/plan.ts';
import type { Services } from '../domain/registry.ts';
import { type AliasTarget, type Route, routeKey } from '../domain/route.ts';
import type { DisagreementReport } from '../domain/shadow.ts';
import type { Instant, Percent, RolloutId, VersionTag } from '../domain/units.ts';
import type { Finding, Verdict } from '../domain/verdict.ts';

export interface Approval extends Person {
  /** When its owner took it. */
  readonly at: Instant;
}

/** A rollout as its journal tells it. Nothing here is remembered anywhere else. */
export interface RolloutState {
  readonly id: RolloutId;
  readonly plan: Plan;
  readonly by: Actor;
  readonly reason: string;
  readonly startedAt: Instant;
  readonly salt: string;
  readonly home: AliasTarget;
  readonly deploymentId: string | undefined;
  readonly endpoints: Readonly<Record<string, { readonly name: string; readonly generation: number }>>;
  readonly codeSha256: string;
  /** How champion and challenger served everybody before; empty for journals from before mlreg recorded that. */
  readonly services: Services;
  /** What an approval must be bound to; undefined where the challenger has no artifact. */
  readonly planHash: string | undefined;

  /** Journal length. */
  readonly length: number;
  /** The latest time of an entry, as far as clocks agree: `asOf` says what becomes of a journal that is ahead. */
  readonly writtenAt: Instant;
  readonly token: number;
  readonly owner: Actor;
  /** Where in the journal the owner's own entries begin. */
  readonly ownedSeq: number;
  /** The owner accepted what a foreign edit left on the alias. */
  readonly adopted: boolean;

  readonly phase: 'forward' | 'rolling-back' | 'ended';
  /** Index of the step that is next or under way. */
  readonly step: number;
  /** When the step, or its bake's present share, began. */
  readonly stepSince: Instant;
  readonly stepsDone: readonly {
    readonly step: number;
    readonly at: Instant;
    readonly tookMs: number;
    readonly note: string;
  }[];

  readonly endpointReady: boolean;
  /** When the endpoint was last asked for, or after. */
  readonly endpointAskedAt: Instant | null;
  /** Lambda version by route key. */
  readonly published: Readonly<Record<string, string>>;
  /** When each route was last warmed, by route key. */
  readonly warmedAt: Readonly<Record<string, Instant>>;
  /** What the last warm-up came to, of endpoints. */
  readonly warmed: readonly EndpointWarmed[];
  readonly smokedStep: number | null;
  /** Smoke requests that were answered then; null: unknown. 0: nothing was tested. */
  readonly smokeRequests: number | null;
  readonly notifiedStep: number | null;
  /** Each alias after our last verified write under the present token. */
  readonly aliases: Readonly<Record<string, VerifiedAlias>>;
  /** Aliases on which an older owner may still have a write under way: fenced before anything is decided. */
  readonly unfenced: readonly string[];
  /** Aliases, other than the plan's own, that this rollout ever meant to write. */
  readonly written: readonly string[];
  /** The last route that was verified on each alias. */
  readonly routes: Readonly<Record<string, Route | null>>;
  /** The alias that the stage was last seen to name. */
  readonly serving: string;
  /** A swap of the stage was meant: it may come late, whoever owns the rollout by then. */
  readonly swapMeant: boolean;
  /** What users get: the route of the serving alias, as last verified, and since when. */
  readonly route: Route | null;
  readonly routeSince: Instant;

  /** Failed tries by effect, in the present step and phase. */
  readonly tries: Readonly<
    Record<
      string,
      {
        readonly count: number;
        readonly lastAt: Instant;
        readonly error: string;
        readonly final: boolean;
        readonly credentials?: true | undefined;
        readonly denied?: true | undefined;
      }
    >
  >;
  readonly openIntent: { readonly seq: number; readonly effect: Effect } | undefined;

  readonly observations: readonly Observation[];
  /**
   * Set where a snapshot saved the reading: so many ticks stand in the first observation, as their sums, and this was the
   * verdict on them. Nobody judges such a state.
   */
  readonly summary?: { readonly ticks: number; readonly verdict: Verdict | null };
  readonly lastObservedAt: Instant | null;
  /** Set while looks can't read the metrics: since when, and the last try. */
  readonly unreadable: {
    readonly since: Instant;
    readonly lastAt: Instant;
    readonly why: string;
    readonly denied: boolean;
    readonly credentials?: true | undefined;
  } | null;
  readonly lastVerdict: Verdict | null;
  /** What a person should know of how the metrics were read, oldest first. */
  readonly notes: readonly string[];

  readonly requestsSeen: number;
  readonly pausedAt: Instant | null;
  /** Who paused it and why, in their own words; null while it is not paused. */
  readonly pausedBy: { readonly name: string; readonly reason: string } | null;
  /** Time paused within the present step. */
  readonly pausedMs: number;
  /** A breach that the plan holds for; who went on all the same; and all that somebody went on in spite of so far. */
  readonly breach: {
    readonly sentence: string;
    readonly finding: Finding;
    readonly dismissedBy: string | null;
    readonly accepted: readonly Finding[];
  } | null;
  readonly heldSince: Instant | null;
  readonly heldWhy: string;
  /** When a person last gave a reason to go on, whatever the deploy window says: it counts until the next one is over. */
  readonly windowWaivedAt: Instant | null;
  readonly approvals: readonly Approval[];
  readonly rejectedBy: string | null;
  /** A person asked to end this bake (`step`), or all (`full`). */
  readonly promoteAsked: 'step' | 'full' | null;
  /** A person's share, and the step in which it was asked for. */
  readonly override: { readonly percent: Percent; readonly step: number; readonly at: Instant } | null;

  readonly report: DisagreementReport | null;
  /** The tombstone stands, and then: the endpoint is gone. */
  readonly retiring: 'buried' | 'gone' | null;
  readonly rollback: {
    readonly cause: RollbackCause;
    readonly at: Instant;
    /** Aliases that were seen to be home since. */
    readonly home: readonly string[];
    readonly stageTidied: boolean;
    readonly labelled: boolean;
    /** Why nothing answers for the champion. */
    readonly lost?: string;
    /** How far it is built again. */
    readonly rebuild?: {
      readonly since: Instant;
      readonly askedAt: Instant;
      readonly ready: boolean;
      readonly smoked: boolean;
      readonly warmed: boolean;
    };
  } | null;
  /** What a rollback without the store left serving, where that is not home: it is kept, and becomes the champion. */
  readonly keeps: Kept | null;
  /** The writer of the last rollback without the store that this journal was told of. */
  readonly repaired: string | null;
  readonly promotedAt: Instant | null;
  readonly committed: boolean;
  readonly outcome: Outcome | null;
  readonly endedAt: Instant | null;
}

export interface VerifiedAlias {
  readonly revisionId: string;
  readonly target: AliasTarget;
  readonly stamp: Stamp;
}

export const currentStep = (state: RolloutState): Step | undefined => state.plan.steps[state.step];

/** The share of users that the challenger answers now, as last verified. */
export function challengerShare(state: RolloutState): number {
  const { route } = state;
  if (route === null) return 0;
  if (route.kind === 'split') return route.percent;
  return route.kind === 'single' && route.version === state.plan.challenger ? 100 : 0;
}

/** The share that the judge is told. In shadow both versions answer each request that is copied: one each. */
export const judgedShare = (state: RolloutState): number =>
  state.route?.kind === 'shadow' ? 50 : challengerShare(state);

/** Aliases that must go home on the way back, the one that users reach first: wherever the challenger may be. */
export function aliasesAtStake(state: RolloutState): readonly string[] {
  const { plan, routes } = state;
  const undone = plan.undo === null ? null : routeKey(plan.undo);
  const elsewhere = Object.entries(routes).flatMap(([alias, route]) =>
    route !== null && routeKey(route) !== undone ? [alias] : [],
  );
  return [...new Set([state.serving, plan.alias, ...state.written, ...elsewhere])];
}

/** Lambda version by route key, as a rollout begins: what a rollback returns to was published long ago. */
export function publishedBefore(plan: Plan): Readonly<Record<string, string>> {
  return plan.returnsTo === undefined || plan.republishes !== undefined ? {} : publishedAs(plan);
}

/** The recorded Lambda version to which a rollback returns, by route key. */
export function publishedAs({ returnsTo, challenger }: Plan): Readonly<Record<string, string>> {
  if (returnsTo === undefined) return {};
  return { [routeKey({ kind: 'single', version: challenger })]: returnsTo.functionVersion };
}

/** So many first steps of a rollback publish a version anew, test it and warm it up: where one fails, all are left out. */
export const stepsToRepublish = ({ republishes }: Plan): number => (republishes === undefined ? 0 : 2);

/** Sticky and shadow arms share one Lambda version; weighted arms have one each. */
export function publicationsOf(plan: Plan, route: Route): readonly [Route, ...Route[]] {
  if (plan.routing === 'sticky' || route.kind === 'single') return [route];
  const single = (version: VersionTag): Route => ({ kind: 'single', version });
  return [single(route.champion), single(route.challenger)];
}
