/** How busy an environment is. */
export interface Load {
  /** Requests in flight at once, on average in the busiest time of the last 15 minutes: rate x latency. */
  readonly inFlight: number;
  /** The most that one endpoint serves at once. */
  readonly most: number;
}
