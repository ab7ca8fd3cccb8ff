/** What a look came to: one line, with what to do about it where it isn't well. */
export interface AccountFinding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly mend?: string;
  /** Why no rollout can go well; absent where one may, or nobody can tell. */
  readonly blocks?: 'permission' | 'configuration';
  /** Nobody looked, and why is said: that is no fault. */
  readonly unchecked?: true;
  /** Worth knowing, and no reason to fail. */
  readonly warning?: true;
}

export interface AccountSubject {
  /** The next rollout's, or a name such as it. */
  readonly endpoint: string;
  /** The variables of each version of the function that it may publish, at their longest. Absent: not measured. */
  readonly variables?: readonly Readonly<Record<string, string>>[];
  /** The total concurrency of serverless endpoints that AWS named when it refused one. Absent: it did not of late. */
  readonly refusedBeyond?: number;
}

export interface RolloutSubject extends AccountSubject {
  /** Which it moves; the first is the one that users come by. */
  readonly aliases: readonly string[];
  readonly swapsStage: boolean;
  /** Somebody else's permissions move them. */
  readonly isDetached: boolean;
}

/** What only the account itself can say before a rollout. Changes nothing; throws nothing that AWS answers. */
export interface AccountChecks {
  /** All of it. */
  examine(subject: AccountSubject): Promise<readonly AccountFinding[]>;
  /** What would end this rollout half way, and is quickly known. */
  preflight(subject: RolloutSubject): Promise<readonly AccountFinding[]>;
}
