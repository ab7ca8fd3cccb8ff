/** What a look came to: one line, with what to do about it where it isn't well. */
export interface AccountFinding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly mend?: string;
}

/** What only the account itself can say before a rollout. Changes nothing; never throws. */
export interface AccountChecks {
  /** @param endpoint a name such as the next rollout's */
  examine(subject: { readonly endpoint: string }): Promise<readonly AccountFinding[]>;
}
