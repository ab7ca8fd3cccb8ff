import type { EntryBody } from '../domain/journal.ts';
import type { LateTick, Observation } from '../domain/observation.ts';
import { routeKey } from '../domain/route.ts';
import { instant } from '../domain/units.ts';
import type { Verdict } from '../domain/verdict.ts';
import { forgetAhead, keepLooks, looksAt } from '../monitor/looks.ts';
import { nothingLate, readLate } from '../monitor/late.ts';
import { observe, type Watched } from '../monitor/observe.ts';
import { failureAtEndpoint, totalFailure } from '../monitor/total-failure.ts';
import type { ArmSource } from '../ports/index.ts';
import type { RolloutPorts } from './ports.ts';
import { judgedShare, type RolloutState } from '../engine/state.ts';
import { withUserCounts } from './user-counts.ts';
import { isJudged } from '../engine/verdict-on.ts';

/** What a look at the metrics came to. */
export interface News {
  /** For the journal: `observed` or `unreadable`; null where there is nothing yet. */
  readonly entry: Extract<EntryBody, { kind: 'observed' | 'unreadable' }> | null;
  /** Total failure in ticks that are not final; null: none. */
  readonly failure: Verdict | null;
}

/** Of a rollout: what changes at each reading is no note. */
const mostNotes = 20;

const noNews: News = { entry: null, failure: null };

/**
 * How often the metrics are read at most, ms. An owner decides every second, and CloudWatch is paid by the reading: four
 * looks within `settle` find a tick that is final soon enough.
 */
const lookEveryMs = ({ tickMs, settleMs }: RolloutState['plan']): number =>
  Math.min(Math.max(Math.min(tickMs, settleMs / 4), 1_000), 15_000);

/** Reads what is new on both arms, wherever users' requests reach what is judged. */
export async function readNew(
  ports: Pick<RolloutPorts, 'metrics' | 'clock' | 'userCounts' | 'pending'>,
  state: RolloutState,
): Promise<News> {
  if (!isJudged(state)) return noNews;
  const { plan, unreadable } = state;
  const now = ports.clock.now();
  if (unreadable !== null && now < unreadable.lastAt + plan.tickMs) return noNews;
  const looks = await looksAt(ports.metrics, state.id, ports.pending);
  forgetAhead(looks, now);
  const sinceLook = now - looks.lookedAt;
  // A clock that was set back must not blind it.
  if (unreadable === null && sinceLook >= 0 && sinceLook < lookEveryMs(plan)) return noNews;
  const share = judgedShare(state);
  const split = state.route?.kind === 'split' ? state.route : null;
  const watched: Watched = {
    champion:
      plan.champion !== null && plan.strategy !== 'watch' && share < 100 ? armOf(state, plan.champion) : null,
    challenger: armOf(state, plan.challenger),
    tickMs: plan.tickMs,
    settleMs: plan.settleMs,
    horizonMs: plan.horizonMs,
    since: state.lastObservedAt ?? instant(Math.ceil(state.routeSince / plan.tickMs) * plan.tickMs),
    share: {
      percent: split?.percent ?? share,
      since: state.routeSince,
      before: state.observations.at(-1)?.plannedPercent ?? 0,
    },
    copies: state.route?.kind === 'shadow',
  };
  const reading = await observe(ports.metrics, watched, now, looks);
  if (reading !== null) looks.lookedAt = now;
  const late =
    reading?.kind === 'read'
      ? await readLate(ports.metrics, watched, state.observations, now, looks)
      : nothingLate;
  await keepLooks(looks, state.id, ports.pending);
  if (reading === null) return noNews;
  const atEndpoint =
    state.route?.kind === 'shadow' ? null : failureAtEndpoint(plan.policy, looks.served, watched.share.since);
  if (reading.kind === 'unreadable') return { entry: reading, failure: atEndpoint };
  const { provisional = [] } = reading;
  const failure = totalFailure(plan.policy, [...late.whole, ...provisional]) ?? atEndpoint;
  // A look that found nothing final still ends a time of blindness.
  const news = (reading.notes ?? []).filter((note) => !state.notes.includes(note));
  const notes = news.slice(0, Math.max(0, mostNotes - state.notes.length));
  const isNothing = reading.observations.length === 0 && provisional.length > 0;
  if (isNothing && unreadable === null && notes.length === 0) return { entry: null, failure };
  const observations = await withUserCounts(ports, state, withLate(reading.observations, late.arrived));
  return { entry: { kind: 'observed', observations, ...(notes.length > 0 ? { notes } : {}) }, failure };
}

/** What arrived late is evidence as of the first new tick. Without one it is found again at the next look. */
function withLate(ticks: readonly Observation[], late: readonly LateTick[]): readonly Observation[] {
  const [first, ...rest] = ticks;
  return first === undefined || late.length === 0 ? ticks : [{ ...first, late }, ...rest];
}

function armOf(state: RolloutState, version: RolloutState['plan']['challenger']): ArmSource | null {
  const endpoint = state.endpoints[version];
  if (endpoint === undefined) return null;
  const alone = state.published[routeKey({ kind: 'single', version })];
  return {
    version,
    endpoint: endpoint.name,
    functionVersion: state.plan.routing === 'weighted' ? alone : undefined,
    ...(state.serving === state.plan.alias ? {} : { alias: state.serving }),
  };
}
