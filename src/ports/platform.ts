import type { Deployment, Stamp } from '../domain/journal.ts';
import type { Load } from '../domain/load.ts';
import type { AliasTarget } from '../domain/route.ts';
import type { ServingSettings } from '../domain/serving.ts';
import type { VersionTag } from '../domain/units.ts';

/** Why a call outside failed. `unknown` may have taken effect: read back before trying again. */
export type PlatformFailure =
  | { readonly kind: 'denied'; readonly action: string; readonly message: string }
  | { readonly kind: 'credentials'; readonly message: string }
  | { readonly kind: 'throttled'; readonly message: string }
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'unknown'; readonly message: string };

/** What adapters throw; everything else that comes out of them is a bug. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly failure: PlatformFailure;
  constructor(failure: PlatformFailure, cause?: unknown) {
    super(failure.message, { cause });
    this.failure = failure;
  }
}

export interface AliasView {
  readonly revisionId: string;
  readonly target: AliasTarget;
  readonly description: string;
  /** Undefined where nobody, or somebody else than mlreg, wrote it last. */
  readonly stamp: Stamp | undefined;
}

export type AliasWriteOutcome =
  | { readonly kind: 'written'; readonly revisionId: string }
  /** The RevisionId is not the newest: somebody wrote since, maybe we ourselves. */
  | { readonly kind: 'precondition' };

/** The gateway's stage: which alias it names. */
export interface StageView {
  /** Undefined where it names none: then blue-green has nothing to swap. */
  readonly alias: string | undefined;
  readonly stamp: Stamp | undefined;
  readonly deploymentId: string | undefined;
  /** Such a stage takes no deployment id. */
  readonly autoDeploy: boolean;
}

export type EndpointState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'creating' }
  | { readonly kind: 'in-service' }
  | { readonly kind: 'deleting' }
  | { readonly kind: 'failed'; readonly why: string };

export interface EndpointSpec {
  readonly endpoint: string;
  readonly version: VersionTag;
  readonly artifactUri: string;
  readonly artifactDigest: string;
  /** As planned; those configured here where the plan is from before it said so. */
  readonly serving?: ServingSettings;
}

export interface SmokeOutcome {
  readonly passed: boolean;
  readonly requests: number;
  readonly why?: string;
}

/** What came of warming an endpoint. */
export interface Warmth {
  /** Requests sent. */
  readonly requests: number;
  /** Requests that the model answered, whatever it said. They were sent at once, so as many environments are warm. */
  readonly warm: number;
  /** SageMaker throttled one of them: the endpoint has no more environments to give. */
  readonly throttled: boolean;
}

/** Users wait for this call: it is sent once, and given up after so many milliseconds. */
export interface Haste {
  readonly withinMs: number;
}

/** The serving stack of ONE environment, as AWS has it. Throws PlatformError only. */
export interface Platform {
  readAlias(alias: string): Promise<AliasView>;
  /** One UpdateAlias, never retried inside. @throws PlatformError `unknown` where the reply was lost */
  writeAlias(
    alias: string,
    write: { readonly target: AliasTarget; readonly stamp: Stamp; readonly revisionId: string },
  ): Promise<AliasWriteOutcome>;

  /** All aliases of the function, whoever made them. */
  aliases(): Promise<readonly { readonly name: string; readonly target: AliasTarget }[]>;

  readStage(): Promise<StageView>;
  /** What would make a swap to this alias fail users, or do nothing: one sentence each, with its mend. Empty: none. */
  swapProblems(alias: string): Promise<readonly string[]>;
  /**
   * One UpdateStage, after one CreateDeployment where a new deployment is wanted and the stage takes one. AWS locks
   * nothing here: the last writer wins, whatever its token. @throws PlatformError `unknown` where the reply was lost
   */
  writeStage(write: {
    readonly alias: string;
    readonly stamp: Stamp;
    readonly deployment: Deployment;
  }): Promise<void>;

  /** Creates model, configuration and endpoint where absent, verifies them where present; doesn't wait. */
  ensureEndpoint(spec: EndpointSpec): Promise<EndpointState>;
  endpoint(name: string, haste?: Haste): Promise<EndpointState>;
  /**
   * In what an endpoint does not serve as configured here, by name: the values of variables are never told. Empty: nothing;
   * its artifact and provisioned concurrency are not looked at. @throws PlatformError `missing` where it is not there
   */
  servingDifferences(name: string): Promise<readonly string[]>;
  /** Deletes endpoint, configuration and model; absent is fine. */
  deleteEndpoint(name: string): Promise<void>;
  /**
   * Sends the environment's smoke requests to the endpoint and, where `through` names a Lambda version, through that as
   * well, as the gateway would. No user's traffic is touched.
   */
  smoke(endpoint: string, through?: string): Promise<SmokeOutcome>;

  /** Digest of the code in $LATEST, and of a published version. */
  codeSha256(functionVersion?: string, haste?: Haste): Promise<string>;
  /**
   * In what $LATEST is not what this version is, by name: code, settings and variables, mlreg's own variables apart. The
   * values of variables are never told. Empty: nothing.
   */
  latestDifferences(functionVersion: string, haste?: Haste): Promise<readonly string[]>;
  /** The same of two published versions: in what the first is not what the second is. */
  publishedDifferences(functionVersion: string, serving: string): Promise<readonly string[]>;
  /** The environment variables of a published version, or of $LATEST. */
  variables(functionVersion: string, haste?: Haste): Promise<Readonly<Record<string, string>>>;
  /**
   * A published version with these variables merged into the user's own, and this very code. An equal one that exists
   * already is returned. @throws PlatformError `refused` where the code differs
   */
  publish(request: {
    readonly variables: Readonly<Record<string, string>>;
    readonly codeSha256: string;
    readonly description: string;
  }): Promise<{ readonly functionVersion: string }>;
  /** Every published Lambda version, the oldest first, and whether a rollout of mlreg's published it. */
  publishedVersions(): Promise<readonly { readonly functionVersion: string; readonly isOurs: boolean }[]>;
  /** Absent is fine. @throws PlatformError `refused` for what is no published version: nothing is deleted then */
  deleteFunctionVersion(functionVersion: string): Promise<void>;
  /** Starts about so many execution environments of a version before users reach it. */
  warm(functionVersion: string, environments: number): Promise<number>;
  /** Execution environments that the traffic of now keeps busy: the largest concurrency of late, at least 1. */
  concurrency(): Promise<number>;
  /**
   * The load as it is if one of these endpoints answers everybody, each request as slowly as the slowest of them has of
   * late. An endpoint without metrics is taken to be as fast as the others.
   */
  load(endpoints: readonly string[]): Promise<Load>;
  /**
   * Sends so many requests to an endpoint at once, so that as many environments are started, and waits for the answers.
   * Each is sent once and tagged; `Metrics` leaves them out. @throws PlatformError where the endpoint is missing or denied
   */
  warmEndpoint(endpoint: string, environments: number, haste?: Haste): Promise<Warmth>;
}

/** Where an artifact's bytes are found. */
export interface Artifacts {
  /** The URI under which other machines, or later runs, find the same bytes. @throws UserError where there can't be one */
  resolve(text: string): string;
  /** Hex SHA-256 and size. @throws UserError where there is none */
  digest(uri: string): Promise<{ readonly digest: string; readonly bytes: number }>;
}
