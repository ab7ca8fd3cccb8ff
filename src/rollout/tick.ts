import type { Effect, EntryBody, Outcome } from '../domain/journal.ts';
import { routeKey } from '../domain/route.ts';
import { type Instant, instant, unreachable } from '../domain/units.ts';
import type { Verdict } from '../domain/verdict.ts';
import { looksAt } from '../monitor/looks.ts';
import { observe } from '../monitor/observe.ts';
import { totalFailure } from '../monitor/total-failure.ts';
import type { ArmSource } from '../ports/index.ts';
import { admit } from './admit.ts';
import { dangerOf, decide } from './decide.ts';
import { Fenced, type JournalWriter } from './journal-writer.ts';
import { judgeTable } from './judge-table.ts';
import { perform } from './perform.ts';
import type { RolloutPorts } from './ports.ts';
import { apply } from './replay.ts';
import { repairOf, undoneBy } from './repair.ts';
import { currentStep, judgedShare, type RolloutState } from './state.ts';
import { withUserCounts } from './user-counts.ts';

export type TickResult =
  | { readonly kind: 'again'; readonly at: Instant; readonly why: string }
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  /** Somebody else owns the environment now. */
  | { readonly kind: 'lost'; readonly by: string };

/** More decisions than any plan makes in one tick: beyond it something goes round in circles. */
const mostDecisions = 500;

/**
 * One look and all that follows from it: reads the inbox and the metrics, then does what `decide` says until it says
 * wait. Whoever calls it again, in this process or another, goes on where the journal ends.
 */
export async function tick(
  ports: RolloutPorts,
  journal: JournalWriter,
  signal?: AbortSignal,
): Promise<TickResult> {
  let failure: Verdict | null = null;
  try {
    if (journal.state().phase === 'forward') {
      if (!(await stillOurs(ports, journal))) return lost(ports);
      await readInbox(ports, journal);
      failure = await look(ports, journal);
    }
    for (let decisions = 0; decisions < mostDecisions; decisions++) {
      const state = journal.state();
      const now = ports.clock.now();
      // Whoever was interrupted advances no more; only the way back is gone to its end.
      if (signal?.aborted === true && state.phase === 'forward')
        return { kind: 'again', at: now, why: 'interrupted' };
      const decision = decide(state, (isJudged(state) ? failure : null) ?? decidingVerdict(state), now);
      switch (decision.kind) {
        case 'effect': {
          const stopped = await effect(ports, journal, decision.effect);
          if (stopped !== null) return stopped;
          break;
        }
        case 'record':
          await journal.append(now, decision.entries, decision.changes);
          break;
        case 'wait':
          return { kind: 'again', at: decision.until, why: decision.why };
        case 'ended':
          await ports.store.release(journal.token).catch(() => false);
          return { kind: 'ended', outcome: decision.outcome };
        default:
          return unreachable(decision);
      }
    }
    throw new Error(
      `${journal.state().id} made ${mostDecisions} decisions in one tick without coming to rest`,
    );
  } catch (error) {
    if (error instanceof Fenced) return { kind: 'lost', by: error.by };
    throw error;
  }
}

/** Every so often shown to others, at each tick looked up: an owner who was taken over stops before its next effect. */
const beatEveryMs = 5_000;

async function stillOurs(ports: RolloutPorts, journal: JournalWriter): Promise<boolean> {
  const now = ports.clock.now();
  // A clock that was set back must not silence an owner who lives.
  if (Math.abs(now - journal.wroteAt()) >= beatEveryMs) {
    journal.beaten(now);
    return ports.store.beat(journal.token);
  }
  return (await ports.store.lock()).token === journal.token;
}

async function lost(ports: RolloutPorts): Promise<TickResult> {
  const { owner, token } = await ports.store.lock();
  return {
    kind: 'lost',
    by:
      owner === null
        ? `token ${token}`
        : `${owner.name} on ${owner.host} (pid ${owner.pid}, ${owner.command})`,
  };
}

/** Intent before effect, result after. */
async function effect(
  ports: RolloutPorts,
  journal: JournalWriter,
  wanted: Effect,
): Promise<TickResult | null> {
  const next = journal.state().length;
  await journal.append(ports.clock.now(), [{ kind: 'intent', effect: wanted }]);
  // Further on, where entries that had been given up came in between.
  const seq = journal.state().openIntent?.seq ?? next;
  const performed = await perform(ports, journal.state(), wanted, seq, journal.mark());
  const at = ports.clock.now();
  switch (performed.kind) {
    case 'done':
      await journal.append(at, [{ kind: 'result', intent: seq, outcome: performed.outcome }]);
      return null;
    case 'failed':
      await journal.append(at, [
        {
          kind: 'failed',
          intent: seq,
          error: performed.error,
          final: performed.final,
          ...(performed.credentials === true ? { credentials: true } : {}),
        },
      ]);
      return null;
    case 'fenced':
      // The alias alone says so: whoever takes the rollout up need not wait for this process to fall silent.
      await ports.store.release(journal.token).catch(() => false);
      return { kind: 'lost', by: `token ${performed.token} on the alias` };
    case 'went-back': {
      const state = journal.state();
      const cause = undoneBy(state);
      const failed: EntryBody = { kind: 'failed', intent: seq, error: cause.sentence, final: false };
      if (!performed.elsewhere) {
        await journal.append(at, [failed, ...(await repairOf(ports.store, state, performed.unknown))]);
        return null;
      }
      // What a watch guarded serves no more: there is nothing to label, and nowhere to lead back to.
      await journal.append(at, [
        failed,
        state.plan.strategy === 'watch'
          ? { kind: 'ended', outcome: { kind: 'rolled-back', cause, harmedRequests: 0 } }
          : { kind: 'rolling-back', cause },
      ]);
      return null;
    }
    case 'foreign': {
      await journal.append(at, [
        { kind: 'failed', intent: seq, error: performed.sentence, final: false },
        { kind: 'ended', outcome: foreign(journal.state(), performed.sentence) },
      ]);
      return null;
    }
    default:
      return unreachable(performed);
  }
}

function foreign(state: RolloutState, sentence: string): Outcome {
  const at = `--environment ${state.plan.environment}`;
  return {
    kind: 'stuck',
    sentence: `${sentence}. mlreg stopped and changed nothing more`,
    mend: [`mlreg rollback ${at}`, `mlreg resume --adopt ${at}`],
  };
}

async function readInbox(ports: RolloutPorts, journal: JournalWriter): Promise<void> {
  const requests = await ports.store.inbox(journal.state().id, journal.state().requestsSeen);
  for (const request of requests) {
    const now = ports.clock.now();
    const { accepted, answer } = admit(journal.state(), request, now);
    await journal.append(now, [{ kind: 'request', request, accepted, answer }]);
  }
}

/** What a look at the metrics came to. */
interface News {
  /** For the journal; null where there is nothing yet. */
  readonly entry: EntryBody | null;
  /** Total failure in ticks that are not final; null: none. */
  readonly failure: Verdict | null;
}

const noNews: News = { entry: null, failure: null };

async function look(ports: RolloutPorts, journal: JournalWriter): Promise<Verdict | null> {
  const { entry, failure } = await readNew(ports, journal.state());
  if (entry !== null) await journal.append(ports.clock.now(), [entry]);
  return failure;
}

/** Reads what is new on both arms, wherever users' requests reach what is judged. */
async function readNew(
  ports: Pick<RolloutPorts, 'metrics' | 'clock' | 'userCounts'>,
  state: RolloutState,
): Promise<News> {
  if (!isJudged(state)) return noNews;
  const { plan, unreadable } = state;
  const now = ports.clock.now();
  if (unreadable !== null && now < unreadable.lastAt + plan.tickMs) return noNews;
  const looks = looksAt(ports.metrics, state.id);
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

/**
 * Judges on while the store takes nothing: by all that the metrics say since the last entry, in memory.
 * @returns the entries that send the rollout back, where something does; null where it may stand as it is
 */
export async function judgeInMemory(
  ports: Pick<RolloutPorts, 'metrics' | 'clock' | 'userCounts'>,
  state: RolloutState,
): Promise<readonly EntryBody[] | null> {
  if (state.phase !== 'forward') return null;
  const { entry, failure } = await readNew(ports, state);
  const at = ports.clock.now();
  const seen = entry === null ? state : apply(state, { ...entry, seq: state.length, at, token: state.token });
  const danger = dangerOf(seen, failure ?? decidingVerdict(seen), at);
  if (danger?.some(({ kind }) => kind === 'rolling-back') !== true) return null;
  return entry === null ? danger : [entry, ...danger];
}

/** From the first share of traffic to the last bake. */
function isJudged(state: RolloutState): boolean {
  if (state.phase !== 'forward' || state.promotedAt !== null) return false;
  return judgedShare(state) > 0 && (state.plan.strategy === 'watch' || currentStep(state) !== undefined);
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

/** A pure function of the policy and the tick table; null where nothing is judged, or nothing was seen yet. */
export function verdictOn(state: RolloutState): Verdict | null {
  if (!isJudged(state) || state.observations.length === 0) return null;
  const { unreadable } = state;
  if (unreadable !== null) return { kind: 'unreadable', why: unreadable.why, denied: unreadable.denied };
  return judgeTable(state.plan.policy, state.observations, state.salt);
}

/** Until a tick at this very share was seen, all that is known in the challenger's favour is of another. */
function decidingVerdict(state: RolloutState): Verdict | null {
  const verdict = verdictOn(state);
  const isAgainst = verdict?.kind === 'fail' || verdict?.kind === 'unreadable';
  return isAgainst || isOfThisStep(state) ? verdict : null;
}

function isOfThisStep(state: RolloutState): boolean {
  const last = state.observations.at(-1);
  return last !== undefined && last.at > state.stepSince && last.plannedPercent === judgedShare(state);
}
