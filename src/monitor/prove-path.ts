import type { Observation } from '../domain/observation.ts';
import { formatDuration } from '../domain/parse.ts';
import type { Instant } from '../domain/units.ts';
import type { ArmSource, Metrics } from '../ports/index.ts';
import type { Looks } from './finality.ts';

interface Path {
  readonly champion: ArmSource | null;
  readonly challenger: ArmSource | null;
  readonly tickMs: number;
  readonly settleMs: number;
  readonly horizonMs: number;
  readonly ticks: readonly Observation[];
}

/** `open`: metrics arrive, or there is no way to ask. Otherwise what is known of why they don't. */
export type PathState = 'open' | { readonly why: string; readonly denied: boolean };

/** More often would be traffic; but ticks that no later request proves are lost at the horizon. */
const probeEveryMs = 60_000;
const probesAHorizon = 3;

/**
 * Where an arm has shown no request for a while, sends a tagged request that counts nowhere, and looks whether the
 * metrics show it: silence then means that nobody called, not that metrics are lost. At most one is under way.
 */
export async function provePath(
  metrics: Metrics,
  path: Path,
  now: Instant,
  looks: Looks,
): Promise<PathState> {
  const arm = path.champion ?? path.challenger;
  if (arm === null || metrics.probe === undefined || metrics.probeSeen === undefined) return 'open';
  const quietSince = Math.min(lastSeen(path, 'champion'), lastSeen(path, 'challenger'));
  const { probe } = looks;
  if (probe !== undefined && probe.sent.kind === 'sent' && looks.provenUntil < probe.sent.at) {
    const { at, version = arm.version } = probe.sent;
    if (await metrics.probeSeen({ ...arm, version }, at)) looks.provenUntil = at;
  }
  const isQuiet = now - quietSince >= path.settleMs + path.tickMs;
  if (!isQuiet) return 'open';
  const isUnderWay = probe?.sent.kind === 'sent' && looks.provenUntil < probe.sent.at;
  const again = Math.max(Math.min(probeEveryMs, path.horizonMs / probesAHorizon), path.tickMs);
  // A request that is lost is asked again in the end; its successor proves as much.
  if (probe === undefined || now - probe.at >= (isUnderWay ? path.horizonMs : again))
    looks.probe = { at: now, sent: await metrics.probe(arm) };
  return stateOf(path, looks, now);
}

function stateOf(path: Path, { probe, provenUntil }: Looks, now: Instant): PathState {
  const since = path.ticks[0] === undefined ? now : path.ticks[0].at - path.tickMs;
  if (provenUntil >= since || probe === undefined || probe.sent.kind === 'unknown') return 'open';
  // The newest one shows: the next will tell of what came after it.
  if (probe.sent.kind === 'sent' && provenUntil >= probe.sent.at) return 'open';
  const silence = `no metrics for ${formatDuration(now - since)}`;
  return probe.sent.kind === 'failed'
    ? { why: `${silence}, and a test request failed: ${probe.sent.why}`, denied: probe.sent.denied }
    : {
        why: `${silence}, and a test request of ${new Date(probe.sent.at).toISOString()} does not show either: metrics are late or lost`,
        denied: false,
      };
}

/** End of the last tick in which an arm showed a request; now, for an arm that has no share. */
export function lastSeen(
  { ticks, tickMs }: Pick<Path, 'ticks' | 'tickMs'>,
  arm: 'champion' | 'challenger',
): number {
  if (ticks.every((tick) => tick[arm] === null)) return Infinity;
  const seen = ticks.findLast((tick) => (tick[arm]?.requests ?? 0) > 0);
  return seen?.at ?? (ticks[0]?.at ?? tickMs) - tickMs;
}
