export interface ConnectOptions {
  /** An environment in mlreg.yaml; by default the one that the command line would take. */
  readonly environment?: string;
  /** Where mlreg.yaml is looked for, and in the folders above; by default the working directory. */
  readonly directory?: string;
  /** The path of mlreg.yaml, where it is not found by itself. */
  readonly config?: string;
  /** Who acts, for the journal and for approvals; by default the user of this process. */
  readonly actor?: string;
  /** Gets what the command line would print as remarks, one sentence each. */
  readonly onRemark?: (text: string) => void;
}

/** A connected environment, which every other function takes. */
export interface Environment {
  readonly name: string;
  readonly model: string;
  /** The account and Region, or the address of the emulator. */
  readonly place: string;
}

/** As the options of `mlreg deploy`. What is left out is taken from mlreg.yaml. */
export interface RolloutRequest {
  readonly modelVersion: string;
  /** By default `canary`. */
  readonly strategy?: 'canary' | 'blue-green' | 'shadow' | 'all-at-once';
  /** The challenger's shares, in percent, each larger than the one before. */
  readonly steps?: readonly number[];
  /** The share of the first step alone, in percent. */
  readonly percent?: number;
  /** How long each step is observed, for example `15m`. */
  readonly bake?: string;
  /** Time between two readings of the metrics, for example `10s`. */
  readonly tick?: string;
  /** Of a shadow: the share of requests to copy, in percent. */
  readonly sample?: number;
  /** Of a shadow: keep the challenger's endpoint after a pass. */
  readonly keep?: boolean;
  /** Of a canary: the share of users that stay with the champion until the last bake is over, in percent. */
  readonly holdBack?: number | 'off';
  /** Include changes of $LATEST: code, variables and settings. */
  readonly withLatest?: boolean;
  readonly approvalRequired?: boolean;
}

export interface StartOptions extends RolloutRequest {
  /** Why, for the journal. */
  readonly reason?: string;
  /** false: begin without a smoke test where there are no smoke requests; needs a reason. */
  readonly smoke?: boolean;
  /** What `--yes` says: this is meant, also in a protected environment. */
  readonly confirmed?: boolean;
  /** Told of each event in order, as it is written to the journal. What it throws is a remark, and stops nothing. */
  readonly onEvent?: (event: RolloutEvent) => void;
  /** Ends the driving as SIGTERM ends `mlreg deploy`: by the environment's `onInterrupt`. */
  readonly signal?: AbortSignal;
}

/** One line of `mlreg deploy -o ndjson`. */
export interface RolloutEvent {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** For example `rollout.start`. */
  readonly type: string;
  readonly rollout: string;
  /** For people. */
  readonly text: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** What a rollout would do. Nothing has been changed. */
export interface PlannedRollout {
  readonly strategy: string;
  readonly environment: string;
  /** null: nothing serves yet. */
  readonly champion: string | null;
  readonly challenger: string;
  /** For people, in order. */
  readonly steps: readonly string[];
  /** The fields of `mlreg plan -o json`. */
  readonly answer: Answer;
}

/** A JSON object with the fields that the command line prints with `-o json`. */
export type Answer = Readonly<Record<string, unknown>>;

/** How a rollout ended, or where it was left. */
export type StartResult =
  | { readonly kind: 'already-serving'; readonly version: string }
  | { readonly kind: 'succeeded'; readonly rollout: string; readonly sentence: string }
  | {
      readonly kind: 'rolled-back';
      readonly rollout: string;
      readonly why: 'verdict' | 'abort' | 'interrupt' | 'step-failed' | 'credentials' | 'held-too-long';
      readonly sentence: string;
    }
  /** A person must choose; `next` are commands to choose from. */
  | {
      readonly kind: 'stuck';
      readonly rollout: string;
      readonly sentence: string;
      readonly next: readonly string[];
    }
  /** Not over. `held`: it keeps its share until somebody resumes it. `elsewhere`: another process has it. */
  | { readonly kind: 'held' | 'elsewhere'; readonly rollout: string; readonly sentence: string };

export interface Status {
  readonly environment: string;
  readonly champion: string | null;
  /** What users get, in one sentence; null where it can't be read. */
  readonly sentence: string | null;
  /** The percentage of users by version; null where it can't be read, or mlreg does not know what serves. */
  readonly shares: Readonly<Record<string, number>> | null;
  /** The rollout that is not over. */
  readonly rollout: {
    readonly id: string;
    readonly strategy: string;
    readonly champion: string | null;
    readonly challenger: string;
    readonly challengerPercent: number;
    readonly paused: boolean;
    /** State, since when, and what comes next. */
    readonly headline: string;
    /** Who drives it; null where nobody does. */
    readonly owner: string | null;
  } | null;
  /** What a person must look at, with the command to type. */
  readonly problem: { readonly detail: string; readonly next: string } | null;
}

export interface AbortOptions {
  readonly reason?: string;
  readonly onEvent?: (event: RolloutEvent) => void;
}

export interface RollbackOptions extends AbortOptions {
  /** By default the champion, or the version before it where the champion serves alone. */
  readonly to?: string;
  /** What `--yes` says: also to a version that users were taken away from. */
  readonly confirmed?: boolean;
}

/** `done`: users are where they should be. */
export interface MoveResult {
  readonly done: boolean;
  /** What the command would exit with. */
  readonly exitCode: number;
  /** The fields of the command's answer with `-o json`. */
  readonly answer: Answer;
}

/** What `import … from 'mlreg'` brings. Every function rejects with `UserError` where a person can fix what stops it. */
export interface Library {
  /** Reads mlreg.yaml and connects. Mistakes in settings that a function does not need do not stop it. */
  readonly connect: (options?: ConnectOptions) => Promise<Environment>;
  /** What a rollout would do. Changes nothing. */
  readonly plan: (environment: Environment, request: RolloutRequest) => Promise<PlannedRollout>;
  /** Rolls a version out, and drives the rollout until it ends. */
  readonly start: (environment: Environment, options: StartOptions) => Promise<StartResult>;
  /** What serves now. Takes no lock, and changes nothing. */
  readonly status: (environment: Environment) => Promise<Status>;
  /** Ends the running rollout: the champion serves everybody. */
  readonly abort: (environment: Environment, options?: AbortOptions) => Promise<MoveResult>;
  /** Moves everybody back to a known good version, with or without a running rollout. */
  readonly rollback: (environment: Environment, options?: RollbackOptions) => Promise<MoveResult>;
}
