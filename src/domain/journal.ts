import type { Identity } from './identity.ts';
import type { Observation } from './observation.ts';
import type { Plan } from './plan.ts';
import type { Services } from './registry.ts';
import type { AliasTarget, Route } from './route.ts';
import type { DisagreementReport } from './shadow.ts';
import type { Instant, Percent, RolloutId, VersionTag } from './units.ts';
import type { Verdict } from './verdict.ts';

/** Who does something: a person or a machine, as far as mlreg can tell. */
export interface Actor {
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  /** The command line without its secrets, or the controller's name. */
  readonly command: string;
  /** What vouches for the name; absent where nobody was asked. */
  readonly identity?: Identity;
}

/** A store, and how often its place was taken by a restored one before it. Compared before any token. */
export interface StoreId {
  /** 8 hex digits, random. */
  readonly id: string;
  /** From 1. */
  readonly epoch: number;
}

/** Which store this is. It is drawn when the store first gives out a token, and never changes. */
export interface StoreIdentity extends StoreId {
  /** The stores whose place it took, and the newest token that each was known to have given out. */
  readonly supersedes?: readonly (StoreId & { readonly token: number })[];
}

/**
 * Why an alias was written: a step forward, a new owner's fence that leaves the target as it is, an owner's rollback, a
 * person's rollback by the alias alone, or a restored store.
 */
export type MarkerPurpose = 'forward' | 'fence' | 'back' | 'blind' | 'restored';

/** What the ownership marker of format 2 says beside the fields of format 1. */
export interface MarkerDetail {
  readonly store: StoreId;
  readonly purpose: MarkerPurpose;
  /** 8 hex digits, drawn anew for each taking of a token and for each person's rollback by the alias alone. */
  readonly writer: string;
  /** The Lambda version that the write points the alias at. */
  readonly target: string;
}

/**
 * The ownership marker that stands in an alias's Description, and among a stage's variables: enough to know who wrote it
 * last and where a rollback leads, even while the store is out of reach.
 */
export interface Stamp {
  readonly environment: string;
  readonly token: number;
  /** The journal length at which the write was intended; 0 for a rollback by the alias alone. */
  readonly seq: number;
  readonly rollout: RolloutId;
  /** The Lambda version to which an undo returns. */
  readonly back: string;
  /** Absent in a marker of format 1. */
  readonly detail?: MarkerDetail;
}

export type WritePurpose = 'fence' | 'route' | 'promote' | 'roll-back';

/** A thing to be done outside, stated as the end that is wanted, so that doing it twice is doing it once. */
export type Effect =
  | {
      readonly kind: 'ensure-endpoint';
      readonly version: VersionTag;
      readonly endpoint: string;
      readonly generation: number;
    }
  | { readonly kind: 'publish'; readonly route: Route }
  | {
      readonly kind: 'smoke';
      readonly version: VersionTag;
      /** The Lambda version that is to answer the smoke requests, beside the endpoint itself. */
      readonly through?: string;
    }
  | {
      readonly kind: 'warm-up';
      readonly route: Route;
      /** An answer that takes longer is not waited for. Absent: as long as a cold start may take. */
      readonly withinMs?: number;
    }
  | {
      readonly kind: 'set-alias';
      readonly purpose: WritePurpose;
      readonly alias: string;
      readonly target: AliasTarget;
      /** What the target means; null for a fence, which leaves the route as it is. */
      readonly route: Route | null;
    }
  | {
      readonly kind: 'swap-stage';
      /** The alias that the stage is to name. */
      readonly to: string;
      readonly deployment: Deployment;
    }
  | { readonly kind: 'report' }
  | { readonly kind: 'retire'; readonly version: VersionTag; readonly endpoint: string }
  | { readonly kind: 'notify'; readonly subject: string; readonly body: string };

/** Which deployment a stage is to serve. Means nothing to a stage that deploys by itself. */
export type Deployment = 'new' | 'keep' | { readonly id: string };

/** Environments of a version's endpoint that were started before its share of requests grew. */
export interface EndpointWarmed {
  readonly version: VersionTag;
  readonly endpoint: string;
  /** Sent to it at once. */
  readonly requests: number;
  readonly warm: number;
  readonly throttled?: true;
}

export type EffectOutcome =
  | { readonly kind: 'endpoint'; readonly state: 'creating' | 'in-service' | 'failed'; readonly why?: string }
  | { readonly kind: 'published'; readonly functionVersion: string }
  | { readonly kind: 'smoked'; readonly passed: boolean; readonly requests: number; readonly why?: string }
  | {
      readonly kind: 'warmed';
      /** Of the function. */
      readonly environments: number;
      /** Absent in older journals, which warmed the function alone. */
      readonly endpoints?: readonly EndpointWarmed[];
    }
  /** What was read back after the write. */
  | {
      readonly kind: 'alias';
      readonly revisionId: string;
      readonly target: AliasTarget;
      readonly stamp: Stamp;
    }
  /** What was read back after the swap. */
  | { readonly kind: 'stage'; readonly alias: string }
  | { readonly kind: 'reported'; readonly report: DisagreementReport }
  | { readonly kind: 'done' };

export type RollbackCause =
  | { readonly kind: 'verdict'; readonly sentence: string }
  | { readonly kind: 'abort'; readonly by: string; readonly sentence: string }
  | { readonly kind: 'interrupt'; readonly sentence: string }
  | { readonly kind: 'step-failed'; readonly sentence: string }
  /** AWS accepts the credentials no more, or soon won't: no fault of the challenger's. */
  | { readonly kind: 'credentials'; readonly sentence: string }
  | { readonly kind: 'held-too-long'; readonly sentence: string };

export type Outcome =
  | { readonly kind: 'succeeded'; readonly sentence: string }
  | {
      readonly kind: 'rolled-back';
      readonly cause: RollbackCause;
      readonly harmedRequests: number;
      /** Metrics of some or all of the time were not read, so there may be more. Absent: they were, or the journal is older. */
      readonly harm?: 'at least' | 'not known';
      /** What could not be tidied, though users are safe. */
      readonly left?: string;
    }
  /** Closed by `mlreg recover`, which took what serves from the alias: how it would have ended nobody knows. */
  | { readonly kind: 'restored'; readonly sentence: string }
  /** A person must look: what is true now, and the commands to choose from. */
  | { readonly kind: 'stuck'; readonly sentence: string; readonly mend: readonly string[] };

/** What another terminal asks of the rollout's owner. Unfenced; the owner answers in the journal. */
export type Request = {
  readonly id: string;
  readonly at: Instant;
  readonly by: string;
  readonly reason: string;
  readonly identity?: Identity;
  /** Of the job that asks, for the rollout's owner alone: it checks the token, and no journal has it. */
  readonly token?: string;
} & (
  | { readonly kind: 'pause' | 'resume' | 'reject' }
  /** Of the plan with this hash, as whoever approved has seen it. */
  | { readonly kind: 'approve'; readonly planHash: string }
  /** Ends the present bake now; with `full` all that are left. */
  | { readonly kind: 'promote'; readonly full: boolean }
  | { readonly kind: 'traffic'; readonly percent: Percent }
);

/** The Lambda version that users were brought to without the store, and what the registry says about it. */
export interface Kept {
  readonly functionVersion: string;
  /** null where no registered version has it. */
  readonly version: VersionTag | null;
  /** The registry's champion at that time. */
  readonly champion: VersionTag | null;
}

export type EntryBody =
  | {
      readonly kind: 'started';
      readonly format: 1;
      readonly plan: Plan;
      readonly by: Actor;
      readonly reason: string;
      /** Sticky arms: new in each rollout, fixed all through it. */
      readonly salt: string;
      /** What the alias served when it began: where undo returns to. */
      readonly home: AliasTarget;
      /** What the stage served when it began; undefined where no plan of this environment swaps it, or it deploys by itself. */
      readonly deploymentId?: string;
      /** Endpoint names by version, generation included. */
      readonly endpoints: Readonly<Record<string, { readonly name: string; readonly generation: number }>>;
      /** The code that every version published by this rollout must have; empty where it publishes none. */
      readonly codeSha256: string;
      /** What the registry knew when it began: how champion and challenger served everybody before. */
      readonly services?: Services;
      /** Hex SHA-256 of the challenger's artifact, and what an approval is bound to (engine/plan-hash.ts). */
      readonly artifactDigest?: string;
      readonly planHash?: string;
    }
  | {
      readonly kind: 'owned';
      readonly by: Actor /** A foreign edit of the alias is accepted. */;
      readonly adopt: boolean;
      /** Why it was taken from an owner who may live. */
      readonly forced?: string;
    }
  | { readonly kind: 'intent'; readonly effect: Effect }
  | { readonly kind: 'result'; readonly intent: number; readonly outcome: EffectOutcome }
  | {
      readonly kind: 'failed';
      readonly intent: number;
      readonly error: string;
      readonly final: boolean;
      readonly credentials?: true;
      /** AWS lets this owner not write the alias. */
      readonly denied?: true;
    }
  | {
      readonly kind: 'step-done';
      readonly step: number;
      readonly note: string;
      /** Of a rollback that republishes: that failed, and the recorded Lambda version is used. */
      readonly returns?: true;
    }
  | {
      readonly kind: 'observed';
      readonly observations: readonly Observation[];
      /** What a person should know of how the metrics were read; each text once in a rollout. */
      readonly notes?: readonly string[];
    }
  | {
      readonly kind: 'unreadable';
      readonly why: string;
      readonly denied: boolean;
      readonly credentials?: true;
    }
  | { readonly kind: 'verdict'; readonly verdict: Verdict; readonly action: string }
  | {
      readonly kind: 'request';
      readonly request: Request;
      readonly accepted: boolean;
      readonly answer: string;
    }
  | {
      readonly kind: 'held';
      readonly why: string;
      /** What it held for is over, and it goes on. */
      readonly over?: true;
      /** Somebody moved an alias by hand: what its users get since, where that is known. */
      readonly moved?: { readonly alias: string; readonly route: Route };
    }
  | {
      readonly kind: 'rolling-back';
      readonly cause: RollbackCause;
      /** Why nothing answers for the champion, which is built before users move. Absent: it was there, or AWS did not say. */
      readonly lost?: string;
    }
  /** The registry says so since this very write. */
  | { readonly kind: 'labelled'; readonly as: 'promoted' | 'rolled-back' | 'shadowed' | 'retired' }
  | {
      readonly kind: 'repaired';
      readonly what: string;
      /** Who rolled back without the store, as the marker names the writer. */
      readonly writer?: string;
      /** Absent where users are home. */
      readonly keeps?: Kept;
    }
  | { readonly kind: 'ended'; readonly outcome: Outcome };

/** One line of a rollout's journal: append-only, chained by hash in the store. */
export type Entry = EntryBody & {
  /** From 0, without gaps. */
  readonly seq: number;
  readonly at: Instant;
  /** The fence under which it was written. */
  readonly token: number;
};
