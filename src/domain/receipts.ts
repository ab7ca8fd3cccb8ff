/** Each answer carries a receipt, encrypted, by which feedback is counted later. */
export interface Receipts {
  /** The SSM parameter with the keys: its name or ARN, without a version. */
  readonly parameter: string;
  /** Feedback on an older answer is refused. Milliseconds. */
  readonly maxAgeMs: number;
}
