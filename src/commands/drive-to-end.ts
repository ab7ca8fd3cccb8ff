import type { Outcome, RollbackCause } from '../domain/journal.ts';
import type { Instant } from '../domain/units.ts';
import { StoreDamaged } from '../ports/store.ts';
import type { Follower } from '../reporting/follow.ts';
import { type DriveResult, drive } from '../runner/drive.ts';
import { endWatch } from '../runner/end-watch.ts';
import type { JournalWriter } from '../runner/journal-writer.ts';
import { abort } from '../runner/own.ts';
import type { RolloutPorts } from '../runner/ports.ts';
import { challengerShare, type RolloutState } from '../engine/state.ts';
import type { SignalName } from '../host/world.ts';
import { broughtBackBy } from './brought-back.ts';
import type { Context, Target } from './context.ts';
import { whenCredentialsEnd } from './credentials-end.ts';
import { exitCode, exitCodeOfOutcome } from './exit-codes.ts';
import { choose, codeOf, type Leaving } from './choose-after-interrupt.ts';
import { beat } from './heartbeat.ts';
import { rollBackInterrupted } from './interrupted-without-store.ts';
import { listen, type Signals } from './signals.ts';
import { tellKeysAfter } from './return-keys.ts';
import { type Driven, lastKnown, outlive, tellBroughtBack } from './taken-over.ts';
import { tellPeople } from './tell-people.ts';
import { wake } from './wake.ts';

/**
 * Drives a rollout to its end, and when a signal comes lets the user, or the environment's policy, say what becomes of
 * the traffic: whoever drives also watches, so leaving without a word is never an option.
 */
export async function driveToEnd(
  context: Context,
  at: Target,
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
    await tellKeysAfter(context, at, driven);
    return driven;
  } catch (error) {
    const { id, plan, outcome } = journal.state();
    const first = error instanceof StoreDamaged ? 'recover' : 'resume';
    const go = `mlreg ${first} --environment ${at.config.name}, or: mlreg abort --environment ${at.config.name}`;
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
  at: Target,
  ports: RolloutPorts,
  journal: JournalWriter,
  follower: Follower,
  signals: Signals,
  until: Instant | undefined,
  ended: AbortSignal,
): Promise<Driven> {
  const { id } = journal.state();
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
    if (typeof first !== 'string') return await conclude(context, at, ports, journal, first);
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
      return typeof second === 'string'
        ? left(at, journal, second, context)
        : conclude(context, at, ports, journal, second);
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
        await hold(context, at, journal);
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
        const ended = await conclude(context, at, ports, journal, result);
        return { ...ended, code: ended.code === exitCode.rolledBack ? code : ended.code };
      }
    }
  }
}

/** Who stops watching wants no move of traffic: what serves goes on serving. */
async function stopWatching(
  context: Context,
  at: Target,
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
  const ended = await conclude(context, at, ports, journal, result);
  const code = codeOf(signal);
  return { ...ended, code: ended.code === exitCode.done ? code : ended.code };
}

/** Stays where it is until a person says otherwise, whoever owns it next: a controller judges on, and may roll back. */
async function hold({ world, actor, output }: Context, at: Target, journal: JournalWriter): Promise<void> {
  const { store, controller } = at.connection;
  const { id } = journal.state();
  const reason = 'held by an interrupt';
  const wish = {
    kind: 'pause',
    id: world.ids.requestId(),
    at: world.clock.now(),
    by: actor.name,
    reason,
  } as const;
  await store.post(id, wish).catch(() => undefined);
  await release(at, journal);
  const isWoken = controller !== null && (await wake({ output }, controller, id, journal.token));
  const now = !isWoken
    ? `nobody watches ${id} now`
    : `${controller.name} goes on judging ${id}, may roll it back, and advances nothing`;
  output.say(`holding; ${now}. Go on with: mlreg resume, or: mlreg abort`);
}

/** Whoever goes on need not wait for us to fall silent. */
const release = (at: Target, journal: JournalWriter): Promise<boolean> =>
  at.connection.store.release(journal.token).catch(() => false);

async function left(at: Target, journal: JournalWriter, signal: Leaving, context: Context): Promise<Driven> {
  const { id } = journal.state();
  context.output.say(
    `left ${id} as it is; bring it to an end with: mlreg abort --environment ${at.config.name}`,
  );
  return {
    code: codeOf(signal),
    state: await lastKnown(at, journal),
  };
}

async function conclude(
  context: Context,
  at: Target,
  ports: RolloutPorts,
  journal: JournalWriter,
  result: DriveResult,
): Promise<Driven> {
  switch (result.kind) {
    case 'ended':
      if (journal.owed() > 0) {
        context.output.say(
          `${journal.owed()} journal entries could not be written; run: mlreg ${await mending(at)} --environment ${at.config.name}`,
        );
      }
      return {
        code: exitCodeOfOutcome(result.outcome),
        state: await endedAs(at, journal, result.outcome),
      };
    case 'timed-out':
      return outOfTime(context, at, journal, result.why);
    case 'stopped':
      return { code: exitCode.interrupted, state: journal.state() };
    case 'lost':
      return outlive(context, at, ports, journal, result.by);
  }
}

/** The command that makes journal and alias agree again. */
const mending = ({ connection }: Target): Promise<'resume' | 'recover'> =>
  connection.store.lock().then(
    () => 'resume',
    (error: unknown) => (error instanceof StoreDamaged ? 'recover' : 'resume'),
  );

/** Somebody else's journal of this rollout may say more than this process knows. */
async function endedAs(at: Target, journal: JournalWriter, outcome: Outcome): Promise<RolloutState> {
  if (journal.state().outcome !== null) return journal.state();
  const state = await lastKnown(at, journal);
  return state.outcome === null ? { ...state, phase: 'ended', outcome } : state;
}

/** This process was to drive so long and no longer. */
async function outOfTime(context: Context, at: Target, journal: JournalWriter, why: string): Promise<Driven> {
  const { controller } = at.connection;
  const state = journal.state();
  await release(at, journal);
  const isWoken = controller !== null && (await wake(context, controller, state.id, journal.token));
  const next = !isWoken
    ? 'Go on with: mlreg resume, or: mlreg abort'
    : `${controller.name} goes on with it; end it with: mlreg abort`;
  context.output.say(`not finished in time: ${why}. ${next}`);
  return { code: exitCode.notFinished, state };
}
