import type { RollbackCause } from '../domain/journal.ts';
import type { Instant } from '../domain/units.ts';
import type { RolloutState } from '../engine/state.ts';
import { drive } from '../runner/drive.ts';
import { endWatch } from '../runner/end-watch.ts';
import type { JournalWriter } from '../runner/journal-writer.ts';
import { abort } from '../runner/own.ts';
import type { RolloutPorts } from '../runner/ports.ts';
import { broughtBackBy } from './brought-back.ts';
import { conclude, type Ending, hold } from './conclude.ts';
import { whenCredentialsEnd } from './plan/credentials-end.ts';
import { rollBackInterrupted } from './rollback/interrupted.ts';
import type { Caller, Session } from './session.ts';
import { lastKnown, tellBroughtBack } from './taken-over.ts';
import { tellPeople } from './tell-people.ts';

/** Where a rollout is that nobody was asked about. */
export type Attended =
  | Ending
  /** Told to stop, it keeps its share: `onInterrupt: hold`. */
  | { readonly kind: 'held'; readonly controller: string | null; readonly state: RolloutState }
  /** Rolled back by what the alias says: the store was out of reach. */
  | { readonly kind: 'rolled-back-blind'; readonly state: RolloutState };

/**
 * Drives a rollout to its end where no person can be asked. Told to stop, or with credentials that soon end, it does what the
 * environment's `onInterrupt` says, and finishes a rollback that has begun.
 */
export async function attend(
  caller: Caller,
  at: Session,
  ports: RolloutPorts,
  journal: JournalWriter,
  { signal, until }: { readonly signal?: AbortSignal | undefined; readonly until?: Instant | undefined },
): Promise<Attended> {
  const { id, plan } = journal.state();
  const [stop, ended] = [new AbortController(), new AbortController()];
  void at.connection.outbox.sweep();
  const onOutage = (why: string): void =>
    caller.output.say(`${id} is paused, which counts as no failure: ${why}`);
  const driving = drive(ports, journal, {
    signal: stop.signal,
    until,
    onOutage,
    onBroughtBack: (stamp) => tellBroughtBack(caller, at, broughtBackBy(stamp, journal.state())),
  });
  driving.catch(() => undefined);
  try {
    const leaving = Promise.race([
      whenAborted(signal, ended.signal),
      whenCredentialsEnd(caller.world, ended.signal),
    ]);
    const first = await Promise.race([driving, leaving]);
    if (typeof first !== 'string') return await conclude(caller, at, ports, journal, first);
    const isGoingBack = journal.state().phase !== 'forward' || plan.strategy === 'rollback';
    if (isGoingBack) return await conclude(caller, at, ports, journal, await driving);
    stop.abort();
    if (plan.strategy === 'watch') {
      const sentence = `${plan.challenger} is watched no more, and serves on`;
      const names = { ...at.config.lambda, sentence };
      return await conclude(caller, at, ports, journal, await endWatch(ports, id, caller.actor, names));
    }
    if (at.config.onInterrupt === 'hold') {
      const controller = await hold(caller, at, journal);
      return { kind: 'held', controller, state: await lastKnown(at, journal) };
    }
    return await rollBack(caller, at, ports, journal, causeOf[first]);
  } finally {
    ended.abort();
    await tellPeople(caller, at);
  }
}

const causeOf: Readonly<Record<'ABORT' | 'EXPIRY', RollbackCause>> = {
  ABORT: { kind: 'interrupt', sentence: 'the program that drove it was told to stop' },
  EXPIRY: {
    kind: 'credentials',
    sentence: 'the credentials expire in a few minutes, and with them the rollback',
  },
};

/** Under a new token, so that a call still in flight is fenced instead of waited for. */
async function rollBack(
  caller: Caller,
  at: Session,
  ports: RolloutPorts,
  journal: JournalWriter,
  cause: RollbackCause,
): Promise<Attended> {
  const { id } = journal.state();
  const { signal } = new AbortController();
  try {
    const result = await abort(ports, id, caller.actor, cause, { ...at.config.lambda, signal });
    return await conclude(caller, at, ports, journal, result);
  } catch (error) {
    const state = await rollBackInterrupted(caller, at, journal.state(), cause, error);
    return { kind: 'rolled-back-blind', state };
  }
}

/** Never, where there is no signal, or once the rollout has ended. */
function whenAborted(signal: AbortSignal | undefined, ended: AbortSignal): Promise<'ABORT'> {
  return new Promise((resolve) => {
    if (signal === undefined) return;
    if (signal.aborted) return resolve('ABORT');
    signal.addEventListener('abort', () => resolve('ABORT'), { once: true, signal: ended });
  });
}
