import { endWatch } from '../runner/end-watch.ts';
import { StoreDamaged } from '../ports/store.ts';
import { markersIn, readMarkers } from '../runner/environment-view.ts';
import { StoreBehind } from '../runner/look.ts';
import { newestOf } from '../engine/marker.ts';
import { takeOver } from '../runner/own.ts';
import { UserError } from '../domain/user-error.ts';
import { portsOf, stateOf, type Session, undone, unfinished } from '../app/session.ts';
import { openSession } from '../app/open-session.ts';
import { type Context, startFollowing } from './context.ts';
import { refuseWhereBehind } from '../app/behind.ts';
import { isStoreLost, undoOf } from '../app/rollback/without-store.ts';
import { orByAliasAlone, rollBackByAliasAlone } from './alias-alone.ts';
import { answerOutcome } from './answer-outcome.ts';
import { forceOf } from '../app/owner.ts';
import { type Driven, driveToEnd } from './drive-to-end.ts';
import { type ExitCode, exitCode, exitCodeOfOutcome } from './exit-codes.ts';
import { takeUp } from './resume.ts';
import { mustRun } from './steer.ts';
import type { RolloutState } from '../engine/state.ts';

export interface AbortOptions {
  readonly reason?: string;
  readonly ifRunning?: boolean;
  readonly force?: boolean;
}

/** @param rollout the one that is meant; whoever cleans up after a job must not end somebody else's rollout */
export async function abort(context: Context, options: AbortOptions, rollout?: string): Promise<ExitCode> {
  const force = forceOf(options) !== undefined;
  const at = await openSession(context, 'lenient');
  let running: RolloutState | null;
  try {
    if (options.ifRunning === true) await refuseWhereBehind(at);
    running = options.ifRunning === true ? await unfinished(at) : await mustRun(at, rollout);
  } catch (error) {
    if (!isStoreLost(error)) throw error;
    // Whether a rollout runs is what such a store does not know, and a clean-up must not move users who are well.
    const isOutdated = error instanceof StoreBehind || error instanceof StoreDamaged;
    if (isOutdated && options.ifRunning === true && rollout === undefined) throw error;
    return abortByAliasAlone(context, at, error, rollout, force);
  }
  if (running === null || (rollout !== undefined && running.id !== rollout)) {
    context.output.answer({ kind: 'Abort', result: 'nothing-running' }, () =>
      running === null
        ? `no rollout is under way in ${at.config.name}`
        : `${rollout} is not under way in ${at.config.name}`,
    );
    return exitCode.done;
  }
  if (running.plan.strategy === 'watch') return stopWatching(context, at, running, options.reason ?? '');
  const ended = running;
  const withStore = (): Promise<ExitCode> => abortRunning(context, at, ended, options.reason ?? '');
  return orByAliasAlone(context, at, withStore, { to: undoOf(running), running, force });
}

/** Whoever means one rollout must not end another: the marker says whose users these are. */
async function abortByAliasAlone(
  context: Context,
  at: Session,
  error: Error,
  rollout: string | undefined,
  force: boolean,
): Promise<ExitCode> {
  if (rollout !== undefined) {
    const found = newestOf(markersIn(await readMarkers(at.connection.platform, at.config.lambda)));
    if (!found.some(({ stamp }) => stamp.rollout === rollout)) throw error;
  }
  return rollBackByAliasAlone(context, at, error, { force });
}

/** A watch has put nobody on trial: ending it leaves what serves. Who wants the version before types `mlreg rollback`. */
async function stopWatching(
  context: Context,
  at: Session,
  running: RolloutState,
  reason: string,
): Promise<ExitCode> {
  const code = await endRunningWatch(context, at, running, reason);
  return answerOutcome(context, await stateOf(at, running.id), code);
}

async function endRunningWatch(
  context: Context,
  at: Session,
  running: RolloutState,
  reason: string,
): Promise<ExitCode> {
  const follower = await startFollowing(context);
  const sentence = `${running.plan.challenger} is watched no more, and serves on: ended by ${context.actor.name}${reason === '' ? '' : ` (${reason})`}`;
  const result = await endWatch(portsOf(context, at, follower.onEntry), running.id, context.actor, {
    ...at.config.lambda,
    sentence,
  });
  follower.stop();
  if (result.kind !== 'ended')
    throw new UserError('conflict', 'somebody else took the watch over meanwhile', { mend: 'mlreg status' });
  return exitCodeOfOutcome(result.outcome);
}

/**
 * Takes over, whoever owns it, and rolls back. Exits 0 where the champion serves everybody again.
 * @param goesOn users go on to another version at once, so a champion without an endpoint is not built
 */
export async function abortRunning(
  context: Context,
  at: Session,
  running: RolloutState,
  reason: string,
  goesOn = false,
): Promise<ExitCode> {
  const { code, state } = await rollBackRunning(context, at, running, reason, goesOn);
  const isBack = asDone(code) === exitCode.done;
  // What began and ended without a write, after users had been brought back from an earlier rollout, hides that one.
  const next = isBack ? await undone(at) : null;
  if (next !== null && next.id !== running.id) return asDone(await takeUp(context, at, next, {}));
  return answerOutcome(context, state, asDone(code));
}

/** Takes over and rolls back; answers nothing yet. */
async function rollBackRunning(
  context: Context,
  at: Session,
  running: RolloutState,
  reason: string,
  goesOn: boolean,
): Promise<Driven> {
  const by = context.actor.name;
  const sentence = `aborted by ${by}${reason === '' ? '' : `: ${reason}`}`;
  const follower = await startFollowing(context);
  const ports = portsOf(context, at, follower.onEntry);
  const rollBack = { kind: 'abort', by, sentence } as const;
  const journal = await takeOver(ports, running.id, context.actor, {
    ...at.config.lambda,
    rollBack,
    goesOn,
  });
  return driveToEnd(context, at, ports, journal, follower);
}

/**
 * Ends what runs so that another rollout can begin, as an abort does.
 * @returns the exit code where users are not all back at the champion; null where they are
 */
export async function supersedeRunning(
  context: Context,
  at: Session,
  running: RolloutState,
  reason: string,
): Promise<ExitCode | null> {
  if (running.plan.strategy === 'watch') {
    await endRunningWatch(context, at, running, reason);
    return null;
  }
  const { code, state } = await rollBackRunning(context, at, running, reason, false);
  return asDone(code) === exitCode.done ? null : answerOutcome(context, state, code);
}

/** Who asked for the way back got it. */
const asDone = (code: ExitCode): ExitCode =>
  code === exitCode.aborted || code === exitCode.rolledBack ? exitCode.done : code;
