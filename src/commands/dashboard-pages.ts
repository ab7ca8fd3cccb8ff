import type { Entry } from '../domain/journal.ts';
import { type Instant, instant, type RolloutId, rolloutId } from '../domain/units.ts';
import { apply, replay } from '../engine/fold-journal.ts';
import type { RolloutState } from '../engine/state.ts';
import { PlatformError } from '../ports/platform.ts';
import { evidenceOf } from '../reporting/evidence.ts';
import { dashboard, type DashboardView, iconOf, titleOf } from '../reporting/report/dashboard-page.ts';
import { liveScript } from '../reporting/report/live-script.ts';
import { page } from '../reporting/report/page.ts';
import { endOf, marksOf, rolloutPage } from '../reporting/report/rollout-report.ts';
import { createSeries } from '../reporting/report/series.ts';
import { readEnvironment } from '../runner/environment-view.ts';
import { eachState } from '../view/each-state.ts';
import { createViewer, type RolloutView, viewOf } from '../view/view.ts';
import { championOf } from '../app/plan/prepare.ts';
import { servingNow } from '../app/serving-sentence.ts';
import { type Session, stateOf } from '../app/session.ts';
import type { Context } from './context.ts';

/** How often the store is asked for what is new, while somebody looks. */
const lookMs = 1_000;
/** Countdowns and ages move, and the alias is read back, also where no entry is written. */
const redrawMs = 5_000;
/** At AWS each reading of the last minute's metrics is paid for. */
const readBackMs = { local: 5_000, aws: 30_000 } as const;
const perPage = 20;

export interface DashboardPages {
  /** The page under a path; null: there is none. */
  page(path: string, nonce: string): Promise<string | null>;
  /** Waits for the next look: `changed`, or `same`. */
  changed(signal: AbortSignal): Promise<string>;
}

/** A rollout whose journal is read from where it was last read to. */
interface Followed {
  state: RolloutState;
  readonly entries: Entry[];
  view(now: Instant): RolloutView;
  push(more: readonly Entry[]): void;
  series: ReturnType<typeof createSeries>;
}

/**
 * What the dashboard shows. One look a second at the store however many tabs are open, from the last known length on; a store
 * that can't be read is said, and what was known then stays.
 */
export function createDashboardPages(context: Context, at: Session): DashboardPages {
  const { clock } = context.world;
  const { store, place } = at.connection;
  const followed = new Map<RolloutId, Followed>();
  const ended = new Map<RolloutId, RolloutView>();
  let ids: readonly RolloutId[] = [];
  let champion: Awaited<ReturnType<typeof championOf>> = null;
  let lost: DashboardView['lost'] = null;
  let lookedAt = -Infinity;
  let looking: Promise<void> | null = null;
  let revision = 0;
  let serves: { readonly at: number; readonly sentence: string } | null = null;

  /** Asks the store at most once a second, for everybody who waits. */
  async function look(): Promise<void> {
    if (looking !== null) return looking;
    if (clock.now() - lookedAt < lookMs / 2) return;
    lookedAt = clock.now();
    looking = read().finally(() => {
      looking = null;
    });
    return looking;
  }

  async function read(): Promise<void> {
    try {
      const found = await store.rollouts();
      if (found.join() !== ids.join()) revision++;
      ids = found;
      champion = await championOf(at);
      const [newest] = ids;
      if (newest !== undefined) await follow(newest);
      if (lost !== null) revision++;
      lost = null;
    } catch (error) {
      if (lost === null) revision++;
      lost ??= { since: clock.now(), why: error instanceof Error ? error.message : String(error) };
    }
  }

  async function follow(id: RolloutId): Promise<Followed> {
    const known = followed.get(id);
    const from = known?.entries.length ?? 0;
    const more = await store.journal(id, from);
    if (known !== undefined && (more.length === 0 || more[0]?.seq === from)) {
      if (more.length > 0) revision++;
      known.push(more);
      return known;
    }
    // A journal that was restored begins anew.
    const made = createFollowed(id, known === undefined ? more : await store.journal(id));
    followed.set(id, made);
    revision++;
    return made;
  }

  async function readBack(running: RolloutState | null): Promise<string> {
    const now = clock.now();
    const isFresh =
      serves !== null && now - serves.at < readBackMs[at.config.kind === 'local' ? 'local' : 'aws'];
    if (serves !== null && isFresh) return serves.sentence;
    const sentence = await servesNow(running);
    serves = { at: now, sentence };
    return sentence;
  }

  async function servesNow(running: RolloutState | null): Promise<string> {
    try {
      // The platform alone: without the store the alias is all the more what counts.
      const { reached } = await readEnvironment(at.connection.platform, at.config.lambda);
      return (await servingNow(context, at, { target: reached.view.target, champion, running })).sentence;
    } catch (error) {
      if (!(error instanceof PlatformError) && lost === null) throw error;
      return `What users get can't be read: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  async function listed(from: number): Promise<readonly RolloutView[]> {
    const now = clock.now();
    const views: RolloutView[] = [];
    for (const id of ids.slice(from, from + perPage)) {
      const known =
        ended.get(id) ??
        followed.get(id)?.view(now) ??
        (lost === null ? viewOf(await stateOf(at, id), [], now) : null);
      if (known === null) continue;
      views.push(known);
      const { outcome } = known.state;
      if (outcome !== null && outcome.kind !== 'stuck' && id !== ids[0]) ended.set(id, known);
    }
    return views;
  }

  return {
    async page(path, nonce) {
      await look();
      const route = routeOf(path, ids);
      if (route === null) return null;
      const id = route.rollout ?? ids[0];
      const shown = id === undefined ? undefined : lost === null ? await follow(id) : followed.get(id);
      const [newest] = ids;
      const last = newest === undefined ? undefined : followed.get(newest)?.state;
      const isOver = last === undefined || last.phase === 'ended';
      const isKnown = last !== undefined && (!isOver || last.outcome?.kind === 'stuck' || lost !== null);
      const running = isKnown ? last : null;
      const now = clock.now();
      const view: DashboardView = {
        model: at.config.model,
        environment: at.config.name,
        place,
        serves: isOver || lost !== null ? await readBack(running) : null,
        lost,
        shown: shown === undefined ? null : { view: shown.view(now), page: pageOf(shown, now) },
        rollouts: await listed(route.from),
        older: ids.length > route.from + perPage ? route.from + perPage : null,
        newer: route.from > 0 ? Math.max(0, route.from - perPage) : null,
      };
      return page(titleOf(view), dashboard(view), iconOf(view), liveScript(nonce));
    },
    async changed(signal) {
      const [before, since] = [revision, clock.now()];
      await clock.sleepUntil(instant(since + lookMs), signal);
      if (signal.aborted) return 'same';
      await look();
      if (revision !== before || Math.floor(clock.now() / redrawMs) !== Math.floor(since / redrawMs))
        return 'changed';
      return 'same';
    },
  };
}

function createFollowed(id: RolloutId, first: readonly Entry[]): Followed {
  const viewer = createViewer();
  const series = createSeries();
  for (const [entry, after] of eachState(id, first)) {
    viewer.push(entry, after);
    series.push(entry, after);
  }
  const followed: Followed = {
    state: replay(id, first),
    entries: [...first],
    series,
    view: (now) => viewer.view(followed.state, now),
    push(more) {
      for (const entry of more) {
        followed.state = apply(followed.state, entry);
        followed.entries.push(entry);
        viewer.push(entry, followed.state);
        series.push(entry, followed.state);
      }
    },
  };
  return followed;
}

function pageOf(followed: Followed, now: Instant) {
  const { state, entries, series } = followed;
  return rolloutPage({
    view: followed.view(now),
    series: series.series(state, endOf(state, now)),
    evidence: evidenceOf(state, entries),
    marks: marksOf(state, entries),
  });
}

/** Which rollout a path shows, and where its list begins; null: no page. */
function routeOf(
  path: string,
  ids: readonly RolloutId[],
): { readonly rollout: RolloutId | null; readonly from: number } | null {
  const { pathname, searchParams } = new URL(path, 'http://localhost');
  if (pathname === '/') {
    const from = Number(searchParams.get('from') ?? '0');
    return Number.isSafeInteger(from) && from >= 0 && from <= ids.length ? { rollout: null, from } : null;
  }
  const text = /^\/rollout\/([\w-]+)$/.exec(pathname)?.[1];
  const id = text === undefined ? undefined : ids.find((one) => one === rolloutId(text));
  return id === undefined ? null : { rollout: id, from: 0 };
}
