/** What a peer is shown: one tick's counts of both arms. */
export interface PeerTick {
  readonly n0: number;
  readonly x0: number;
  readonly n1: number;
  readonly x1: number;
  /** Milliseconds at a quantile of the challenger's, and the champion's, last whole minute; null without requests. */
  readonly latency?: (arm: 0 | 1, q: number) => number | null;
}

/** One rollout as a peer sees it. `minutes` since traffic first reached the challenger, at the tick's end. */
export interface PeerRun {
  /** True when the peer rolls back at this moment. */
  push(tick: PeerTick, minutes: number): boolean;
}

/** A peer's judge, set up for a champion whose true error rate only the `2x` variants are told. */
export interface Peer {
  readonly name: string;
  readonly start: (world: { readonly errorRate: number; readonly tickMs: number }) => PeerRun;
}
