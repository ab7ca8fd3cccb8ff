import type { ArmTick } from '../../domain/observation.ts';
import { surelyAbove, type Tail } from './evidence/tail.ts';

/**
 * Requests of the tick that the challenger failed, or answered slower than the latency guardrail: what the trial has
 * cost. A request that was both counts once at least and never more than there were requests.
 */
export function harmed(challenger: ArmTick, tail: Tail | null, meanLatencyMs: number | null): number {
  const slow = meanLatencyMs !== null && tail ? surelyAbove(tail, meanLatencyMs) : 0;
  return Math.min(Math.max(challenger.requests, challenger.errors), challenger.errors + slow);
}
