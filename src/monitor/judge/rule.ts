import type { ArmTick, RequestCount } from '../../domain/observation.ts';
import type { Finding, MetricName } from '../../domain/verdict.ts';
import type { Evidence } from './evidence/evidence.ts';
import type { Tail } from './evidence/tail.ts';

/** One observation, and what may be done with it. */
export interface Tick {
  readonly tickMs: number;
  readonly plannedPercent: number;
  readonly champion: ArmTick | null;
  readonly challenger: ArmTick | null;
  /** Of what arrived late: all that the champion showed in that tick, which is counted already. */
  readonly beside?: RequestCount | null;
  /** Their latencies where they report histograms, until the next tick. */
  readonly championTail: Tail | null;
  readonly challengerTail: Tail | null;
  /** Both arms had a share throughout: good for comparing them. */
  readonly comparable: boolean;
  /** The first tick with a new share. */
  readonly shareChanged: boolean;
  /** The first comparable tick with a new share. */
  readonly comparedShareChanged: boolean;
  /** The challenger is no longer cold: its latency may be compared. */
  readonly warm: boolean;
}

/** One line of evidence against the challenger. Its state is a function of the ticks stepped through. */
export interface Rule extends Evidence {
  readonly metric: MetricName;
  readonly name: string;
  /** Its share of the sequential lane; 0 = shown, never decides. */
  weight(): number;
  step(tick: Tick): void;
  /** Share of the planned looks' alpha, and the p-value of a look now. */
  readonly look?: { share(): number; p(): number };
  /** log E that the challenger is no worse than the promote margin; null = not required of the challenger. */
  notWorse?(): number | null;
  /**
   * Null while the rule has nothing to say about this rollout. `evidence` is a logarithm and the rule's own log E, but
   * for a planned look.
   */
  finding(threshold: number, evidence?: number): Finding | null;
}
