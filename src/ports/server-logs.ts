import type { Instant } from '../domain/units.ts';

export interface LogLine {
  readonly at: Instant;
  /** As the model server printed it. */
  readonly text: string;
}

/** What model servers print. */
export interface ServerLogs {
  /**
   * The newest lines of an endpoint's model server, oldest first. An endpoint that has printed nothing has no lines.
   * @param query.from inclusive
   * @throws PlatformError
   */
  read(query: { readonly endpoint: string; readonly from: Instant; readonly limit: number }): Promise<{
    readonly lines: readonly LogLine[] /** Whether older lines since `from` were left out. */;
    readonly isCut: boolean;
  }>;
}
