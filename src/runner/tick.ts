import type { EntryBody, Outcome } from '../domain/journal.ts';
import type { RolloutState } from '../engine/state.ts';
import { type Instant, unreachable } from '../domain/units.ts';
import type { Verdict } from '../domain/verdict.ts';
import { admit } from '../engine/admit.ts';
import { lookAtAlias } from './alias-watch.ts';
import { carryOut, type Lost } from './carry-out.ts';
import { decide } from '../engine/decide.ts';
import { withWhatUsersGet } from './hand-moved.ts';
import { withLostChampion } from './lost-champion.ts';
import { Fenced, type JournalWriter } from './journal-writer.ts';
import type { RolloutPorts } from './ports.ts';
import { isLookDue, newsOfMarker, readMain } from './marker-watch.ts';
import { keepSnapshot } from './snapshot.ts';
import { lookAtStage } from './stage-watch.ts';
import { type Unjournaled, unjournaled } from './unjournaled.ts';
import { vouched } from './vouch.ts';
import { decidingVerdict, isJudged, verdictOn } from '../engine/verdict-on.ts';

export type TickResult =
  | { readonly kind: 'again'; readonly at: Instant; readonly why: string }
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  | Lost;

/** More decisions than any plan makes in one tick: beyond it something goes round in circles. */
const mostDecisions = 500;

/**
 * One look and all that follows from it: reads the inbox and the metrics, then does what `decide` says until it says
 * wait. Whoever calls it again, in this process or another, goes on where the journal ends.
 * @param memory what the caller has read of the metrics while the store took nothing
 */
export async function tick(
  ports: RolloutPorts,
  journal: JournalWriter,
  signal?: AbortSignal,
  memory: Unjournaled = unjournaled(),
): Promise<TickResult> {
  let failure: Verdict | null = null;
  const before = journal.state().length;
  try {
    if (journal.state().phase === 'forward') {
      if (!(await stillOurs(ports, journal))) return lost(ports);
      await readInbox(ports, journal);
      ({ failure } = await memory.look(ports, journal.state()));
      await memory.write(journal, () => ports.clock.now());
      // As often as there is news of users, for that is when it matters where they are.
      const isNews = journal.state().length > before;
      const now = ports.clock.now();
      const isDue = isNews || isLookDue(memory.lookedAt, journal.state(), now);
      const found = isDue ? await readMain(ports.platform, journal.state()) : null;
      if (isDue) memory.lookedAt = now;
      const marked = await newsOfMarker(ports, journal, found);
      if (marked?.kind === 'stop') {
        await ports.store.release(journal.token).catch(() => false);
        return { kind: 'lost', by: marked.by };
      }
      if (marked !== null) await journal.append(ports.clock.now(), marked.entries);
      const moved =
        isNews && marked === null ? await lookAtAlias(ports.platform, journal.state(), found) : null;
      if (moved?.kind === 'back') {
        const stopped = await carryOut(ports, journal, moved.fence);
        if (stopped !== null) return stopped;
      }
      if (moved !== null) await journal.append(ports.clock.now(), [moved.entry]);
      const held =
        isNews && moved === null && marked === null
          ? await lookAtStage(ports.platform, journal.state())
          : null;
      if (held !== null) await journal.append(ports.clock.now(), [held]);
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
          const stopped = await carryOut(ports, journal, decision.effect);
          if (stopped !== null) return stopped;
          break;
        }
        case 'record':
          await journal.append(now, await looked(ports, state, decision.entries), decision.changes);
          break;
        case 'wait':
          if (state.phase === 'forward' && journal.owed() === 0)
            await keepSnapshot(ports.store, state, verdictOn(state), before);
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

/** What only AWS can say of the beginning of a rollback, and of a stop. */
const looked = async (
  { platform }: RolloutPorts,
  state: RolloutState,
  entries: readonly EntryBody[],
): Promise<readonly EntryBody[]> =>
  withWhatUsersGet(platform, state, await withLostChampion(platform, state, entries));

/** Every so often shown to others, at each tick looked up: an owner who was taken over stops before its next effect. */
const beatEveryMs = 5_000;

async function stillOurs(ports: RolloutPorts, journal: JournalWriter): Promise<boolean> {
  const now = ports.clock.now();
  // A clock that was set back must not silence an owner who lives.
  if (Math.abs(now - journal.wroteAt()) >= beatEveryMs) {
    journal.beaten(now);
    return ports.store.beat(journal.token, now);
  }
  return (await ports.store.lock()).token === journal.token;
}

async function lost(ports: RolloutPorts): Promise<Lost> {
  const { owner, token } = await ports.store.lock();
  return {
    kind: 'lost',
    by:
      owner === null
        ? `token ${token}`
        : `${owner.name} on ${owner.host} (pid ${owner.pid}, ${owner.command})`,
  };
}

async function readInbox(ports: RolloutPorts, journal: JournalWriter): Promise<void> {
  const requests = await ports.store.inbox(journal.state().id, journal.state().requestsSeen);
  for (const posted of requests) {
    const request = await vouched(ports.jobTokens, journal.state(), posted, ports.clock.now());
    const now = ports.clock.now();
    const { accepted, answer } = admit(journal.state(), request, now);
    await journal.append(now, [{ kind: 'request', request, accepted, answer }]);
  }
}
