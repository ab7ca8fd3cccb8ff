import type { Observation } from '../domain/observation.ts';
import type { Instant } from '../domain/units.ts';
import type { ArmSource, Metrics } from '../ports/index.ts';
import type { Looks } from './finality.ts';
import { lastSeen } from './prove-path.ts';
import { nothingUnseen, type Unseen, unseenIn } from './unseen.ts';

interface Asked {
  readonly champion: ArmSource | null;
  readonly challenger: ArmSource | null;
  readonly tickMs: number;
  readonly settleMs: number;
  readonly horizonMs: number;
  readonly copies?: boolean;
  /** When the present share began. */
  readonly since: Instant;
}

/** As often as the path is proven. */
const everyMs = 60_000;
const readsPerHorizon = 15;

/**
 * Where an arm has shown no request for a while, asks what AWS itself counted: a test request that shows proves only that its
 * own metric arrives. What can't be read leaves what was known.
 */
export async function lookForUnseen(
  metrics: Metrics,
  asked: Asked,
  ticks: readonly Observation[],
  now: Instant,
  looks: Looks,
): Promise<Unseen> {
  const { champion, challenger, tickMs, settleMs, horizonMs, copies, since } = asked;
  if (metrics.served === undefined) return nothingUnseen;
  const path = { ticks, tickMs };
  const quietSince = Math.min(lastSeen(path, 'champion'), lastSeen(path, 'challenger'));
  if (now - quietSince < settleMs + tickMs) {
    looks.served = [];
    looks.servedAt = -Infinity;
    return nothingUnseen;
  }
  const again = Math.max(tickMs, Math.min(everyMs, horizonMs / readsPerHorizon));
  if (now - looks.servedAt >= again) {
    const query = { champion, challenger, to: now };
    const rows = await metrics.served(copies === true ? { ...query, copies } : query);
    looks.servedAt = now;
    if (rows !== null) looks.served = rows;
  }
  return unseenIn(looks.served, since);
}
