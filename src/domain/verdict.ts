export type MetricName =
  | 'errors'
  | 'throttles'
  | 'latency'
  | 'endpoint-errors'
  | 'refusals'
  | 'sample-ratio'
  | 'disagreement';

/** One rule's view of the data: everything a person needs in order to believe the verdict. */
export interface Finding {
  readonly metric: MetricName;
  /** The rule's own name: `error rate > 5 %`, `errors against champion`, ... */
  readonly rule: string;
  readonly unit: 'share' | 'ms' | 'per-minute' | 'ratio';
  readonly champion: number | null;
  readonly challenger: number | null;
  /** The limit in `unit`; null for a comparison without one. */
  readonly limit: number | null;
  /** E-value, 1 = none, and where it decides. */
  readonly evidence: number;
  readonly threshold: number;
  readonly championRequests: number;
  readonly challengerRequests: number;
  /** Window of the numbers above, in ticks that count. */
  readonly ticks: number;
  /** What is at fault where that is not the challenger: the write of the alias, and what came along with it. */
  readonly blames?: 'switch';
  /** One sentence in plain words, with the numbers of both sides. */
  readonly sentence: string;
}

interface Judged {
  /** Every rule's finding, the strongest evidence first. */
  readonly findings: readonly Finding[];
  /** Challenger requests that failed, and were slower than the guardrail, so far: what the trial has cost. */
  readonly harmedRequests: number;
  readonly challengerRequests: number;
  /** A limit that the champion breaches too: hold and tell, the challenger isn't to blame. */
  readonly incident?: Finding;
  /** To tell a worse version from worse users the judge asks for counts by user bucket up to the last tick. */
  readonly wants?: 'user-counts';
  /** Findings that do not roll back, for which users the challenger got may explain them, in words. */
  readonly deferred?: string;
}

export type Verdict =
  | (Judged & {
      readonly kind: 'pass';
      /** Non-inferiority by the policy's margin is proven: promotion needs no more waiting. */
      readonly nonInferior: boolean;
      /** About so many more challenger requests would prove it of the errors; absent where that is done, or can't be said. */
      readonly needRequests?: number;
    })
  | (Judged & { readonly kind: 'fail'; readonly reason: Finding })
  | (Judged & {
      readonly kind: 'insufficient';
      readonly why: string;
      /** About so many more challenger requests would do; null where it can't be said. */
      readonly needRequests: number | null;
    })
  | { readonly kind: 'unreadable'; readonly why: string; readonly denied: boolean };

export type Judgement = Exclude<Verdict, { kind: 'unreadable' }>;
