/** One request that a new version must be able to answer. */
export interface SmokeRequest {
  /** JSON text. */
  readonly body: string;
  /** The answer must hold this: members of objects at least, arrays and plain values just so. Any JSON will do where not given. */
  readonly expect?: unknown;
}
