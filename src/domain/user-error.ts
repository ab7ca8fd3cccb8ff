/** What a program around mlreg may act upon; `commands/exit-codes.ts` gives each its exit code. */
export type Fault =
  | 'usage' /* wrong flags, configuration or input: mend and try again */
  | 'credentials' /* missing, expired or denied */
  | 'conflict' /* somebody else owns it, or the wrong state for this verb */
  | 'unavailable' /* something mlreg needs does not answer; nothing was changed */;

/**
 * A mistake that a person can mend, as against a bug of ours: says what happened, why, and what to type next.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly fault: Fault;
  readonly why: string | undefined;
  /** Commands or edits, one a line, ready to be typed. */
  readonly mend: readonly string[];

  constructor(
    fault: Fault,
    what: string,
    details: { why?: string | undefined; mend?: string | readonly string[]; cause?: unknown } = {},
  ) {
    super(what, details.cause === undefined ? undefined : { cause: details.cause });
    this.fault = fault;
    this.why = details.why;
    this.mend =
      details.mend === undefined ? [] : typeof details.mend === 'string' ? [details.mend] : details.mend;
  }
}
