import type { RollbackCause } from '../domain/journal.ts';
import { type Instant, type RolloutId, unreachable } from '../domain/units.ts';
import { StoreDamaged } from '../ports/store.ts';
import { conclude, type Ending, hold } from '../app/conclude.ts';
import type { Follower } from '../reporting/follow.ts';
import { type DriveResult, drive } from '../runner/drive.ts';
import { endWatch } from '../runner/end-watch.ts';
import type { JournalWriter } from '../runner/journal-writer.ts';
import { abort } from '../runner/own.ts';
import type { RolloutPorts } from '../runner/ports.ts';
import { challengerShare, type RolloutState } from '../engine/state.ts';
import type { SignalName } from '../host/world.ts';
import type { Session } from '../app/session.ts';
import type { Context } from './context.ts';
import { whenCredentialsEnd } from '../app/plan/credentials-end.ts';
import { type ExitCode, exitCode, exitCodeOfOutcome } from './exit-codes.ts';
import { broughtBackBy } from '../app/brought-back.ts';
import { lastKnown, tellBroughtBack } from '../app/taken-over.ts';
import { choose, codeOf, type Leaving } from './choose-after-interrupt.ts';
import { beat } from './heartbeat.ts';
import { rollBackInterrupted } from '../app/rollback/interrupted.ts';
import { listen, type Signals } from './signals.ts';
import { tellKeysAfter } from '../app/rollback/return-keys.ts';
import { tellPeople } from '../app/tell-people.ts';

export interface Driven {
  readonly code: ExitCode;
  readonly state: RolloutState;
}

/**
 * Drives a rollout to its end, and when a signal comes lets the user, or the environment's policy, say what becomes of
 * the traffic: whoever drives also watches, so leaving without a word is never an option.
 */
export async function driveToEnd(
  context: Context,
  at: Session,
  ports: RolloutPorts,
  journal: JournalWriter,
  follower: Follower,
  until?: Instant,
): Promise<Driven> {
  const signals = listen(context);
  const heart = beat(context, journal, follower);
  const { outbox } = at.connection;
  void outbox.sweep();
  try {
    const driven = await loop(context, at, ports, journal, follower, signals, until, heart.signal);
    // A signal, or credentials at their end, leave no time for it.
    const hasTime = driven.code === exitCode.rolledBack || driven.code === exitCode.aborted;
    if (hasTime) await tellKeysAfter(context, at, driven.state);
    return driven;
  } catch (error) {
    const { id, plan, outcome } = journal.state();
    const first = error instanceof StoreDamaged ? 'recover' : 'resume';
    const backup = first === 'recover' ? ' (with a backup: mlreg restore --from BACKUP)' : '';
    const go = `mlreg ${first} --environment ${at.config.name}${backup}, or: mlreg abort --environment ${at.config.name}`;
    if (outcome === null)
      context.output.say(
        `${id} is left as it is, and nobody drives it: ${plan.challenger} may get ${challengerShare(journal.state())} % of traffic. Go on with: ${go}`,
      );
    throw error;
  } finally {
    heart.abort();
    signals.stop();
    follower.stop();
    await tellPeople(context, at);
  }
}

async function loop(
  context: Context,
  at: Session,
  ports: RolloutPorts,
  journal: JournalWriter,
  follower: Follower,
  signals: Signals,
  until: Instant | undefined,
  ended: AbortSignal,
): Promise<Driven> {
  const { id } = journal.state();
  const concluded = async (result: DriveResult): Promise<Driven> =>
    told(context, at, await conclude(context, at, ports, journal, result));
  const expiring = whenCredentialsEnd(context.world, ended);
  for (;;) {
    const stop = new AbortController();
    const driving = drive(ports, journal, {
      signal: stop.signal,
      until,
      onOutage: (why) => context.output.say(`${id} stands still, and fails no gate for it: ${why}`),
      onBroughtBack: (stamp) => tellBroughtBack(context, at, broughtBackBy(stamp, journal.state())),
    });
    const first = await Promise.race([driving, signals.next(), expiring]);
    if (typeof first !== 'string') return concluded(first);
    const { phase, plan } = journal.state();
    if (phase === 'forward' && plan.strategy === 'watch') {
      stop.abort();
      return stopWatching(context, at, ports, journal, driving, first);
    }
    // A rollback is what people want to be sure of: an interrupt must not undo it.
    const mustEnd = (): boolean => journal.state().phase !== 'forward' || plan.strategy === 'rollback';
    const goBack = async (): Promise<Driven> => {
      context.output.say('already rolling back; press again to leave it to mlreg resume');
      const second = await Promise.race([driving, signals.next()]);
      return typeof second === 'string' ? left(at, journal, second, context) : await concluded(second);
    };
    if (mustEnd()) return await goBack();
    // Advances no more from here on, whatever the answer will be.
    stop.abort();
    const choice = await choose(context, at, first, signals, journal, follower);
    // The verdict may have fallen while that was asked.
    if (choice !== 'leave' && mustEnd()) return await goBack();
    const code = codeOf(first);
    switch (choice) {
      case 'go-on':
        await driving;
        continue;
      case 'hold':
        driving.catch(() => undefined);
        sayHeld(context, id, await hold(context, at, journal));
        return { code, state: await lastKnown(at, journal) };
      case 'leave':
        driving.catch(() => undefined);
        return left(at, journal, first, context);
      case 'roll-back': {
        // Under a new token, so that a call still in flight is fenced instead of waited for.
        driving.catch(() => undefined);
        const cause: RollbackCause =
          first === 'EXPIRY'
            ? {
                kind: 'credentials',
                sentence: 'the credentials expire in a few minutes, and with them the way back',
              }
            : { kind: 'interrupt', sentence: `interrupted by ${first}` };
        const goingBack = abort(ports, id, context.actor, cause, {
          ...at.config.lambda,
          signal: new AbortController().signal,
        });
        let result: DriveResult | SignalName;
        try {
          result = await Promise.race([goingBack, signals.next()]);
        } catch (error) {
          return { code, state: await rollBackInterrupted(context, at, journal.state(), cause, error) };
        }
        if (typeof result === 'string') {
          goingBack.catch(() => undefined);
          return left(at, journal, result, context);
        }
        const ended = told(context, at, await conclude(context, at, ports, journal, result));
        return { ...ended, code: ended.code === exitCode.rolledBack ? code : ended.code };
      }
    }
  }
}

/** Who stops watching wants no move of traffic: what serves goes on serving. */
async function stopWatching(
  context: Context,
  at: Session,
  ports: RolloutPorts,
  journal: JournalWriter,
  driving: Promise<DriveResult>,
  signal: Leaving,
): Promise<Driven> {
  driving.catch(() => undefined);
  const { id, plan } = journal.state();
  const sentence = `is watched no more (${signal}), and serves on`;
  const result = await endWatch(ports, id, context.actor, {
    ...at.config.lambda,
    sentence: `${plan.challenger} ${sentence}`,
  });
  const ended = told(context, at, await conclude(context, at, ports, journal, result));
  const code = codeOf(signal);
  return { ...ended, code: ended.code === exitCode.done ? code : ended.code };
}

function sayHeld({ output }: Context, id: RolloutId, controller: string | null): void {
  const now =
    controller === null
      ? `nobody watches ${id} now`
      : `${controller} goes on judging ${id}, may roll it back, and advances nothing`;
  output.say(`holding; ${now}. Go on with: mlreg resume, or: mlreg abort`);
}

async function left(at: Session, journal: JournalWriter, signal: Leaving, context: Context): Promise<Driven> {
  const { id } = journal.state();
  context.output.say(
    `left ${id} as it is; bring it to an end with: mlreg abort --environment ${at.config.name}`,
  );
  return {
    code: codeOf(signal),
    state: await lastKnown(at, journal),
  };
}

/** Says how a rollout left the hands of this process. */
function told({ output }: Context, at: Session, ending: Ending): Driven {
  const { state } = ending;
  const environment = `--environment ${at.config.name}`;
  switch (ending.kind) {
    case 'ended':
      if (ending.fix !== null)
        output.say(
          `${ending.unwritten} journal entries could not be written; run: mlreg ${ending.fix} ${environment}`,
        );
      return { code: exitCodeOfOutcome(ending.outcome), state };
    case 'outlived':
      output.say(`taken over by ${state.owner.name} (${state.owner.command})`);
      return { code: exitCodeOfOutcome(ending.outcome), state };
    case 'not-finished': {
      const next =
        ending.controller === null
          ? 'Go on with: mlreg resume, or: mlreg abort'
          : `${ending.controller} goes on with it; end it with: mlreg abort`;
      output.say(`not finished in time: ${ending.why}. ${next}`);
      return { code: exitCode.notFinished, state };
    }
    case 'brought-back':
      return { code: exitCodeOfOutcome(ending.outcome), state };
    case 'stopped':
      return { code: exitCode.interrupted, state };
    case 'taken-over': {
      const { by, denied, back } = ending;
      if (denied === null && back !== null) {
        output.say(`${back.sentence}, and the registry does not know yet. Next: mlreg resume ${environment}`);
        return { code: exitCode.aborted, state };
      }
      if (denied === null) {
        output.say(`${state.id} was taken over by ${by}; it goes on there. See: mlreg status`);
        return { code: exitCode.conflict, state };
      }
      const next = `mlreg rollback ${environment}, by somebody whom AWS lets move the alias`;
      output.say(`${state.id} was taken over by ${by}, to whom AWS denies it too: ${denied}. Next: ${next}`);
      return { code: exitCode.credentials, state };
    }
    default:
      return unreachable(ending);
  }
}
