import type { EntryBody } from '../domain/journal.ts';
import { routeKey } from '../domain/route.ts';
import { instant } from '../domain/units.ts';
import type { Verdict } from '../domain/verdict.ts';
import { keepLooks, looksAt } from '../monitor/looks.ts';
import { observe } from '../monitor/observe.ts';
import { totalFailure } from '../monitor/total-failure.ts';
import type { ArmSource } from '../ports/index.ts';
import type { RolloutPorts } from './ports.ts';
import { judgedShare, type RolloutState } from './state.ts';
import { withUserCounts } from './user-counts.ts';
import { isJudged } from './verdict-on.ts';

/** What a look at the metrics came to. */
export interface News {
  /** For the journal: `observed` or `unreadable`; null where there is nothing yet. */
  readonly entry: Extract<EntryBody, { kind: 'observed' | 'unreadable' }> | null;
  /** Total failure in ticks that are not final; null: none. */
  readonly failure: Verdict | null;
}

const noNews: News = { entry: null, failure: null };

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
  const share = judgedShare(state);
  const split = state.route?.kind === 'split' ? state.route : null;
  const reading = await observe(
    ports.metrics,
    {
      champion:
        plan.champion !== null && plan.strategy !== 'watch' && share < 100
          ? armOf(state, plan.champion)
          : null,
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
    },
    now,
    looks,
  );
  await keepLooks(looks, state.id, ports.pending);
  if (reading === null) return noNews;
  if (reading.kind === 'unreadable') return { entry: reading, failure: null };
  const { provisional = [] } = reading;
  const failure = totalFailure(plan.policy, provisional);
  // A look that found nothing final still ends a time of blindness.
  if (reading.observations.length === 0 && provisional.length > 0 && unreadable === null)
    return { entry: null, failure };
  const observations = await withUserCounts(ports, state, reading.observations);
  return { entry: { kind: 'observed', observations }, failure };
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
