import { refuseMistakesIn } from '../config/index.ts';
import { isController } from '../domain/controller.ts';
import { takeOver } from '../runner/own.ts';
import type { RolloutState } from '../engine/state.ts';
import { answerOutcome } from './answer-outcome.ts';
import { refuseWhereBehind } from '../app/behind.ts';
import { portsOf, type Session, undone, unfinished } from '../app/session.ts';
import { openSession } from '../app/open-session.ts';
import { type Context, startFollowing } from './context.ts';
import { handOver, mustHaveController } from './detach.ts';
import { driveToEnd } from './drive-to-end.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { forceOf, ownerLives } from '../app/owner.ts';
import { askOwner, mustRun } from './steer.ts';

export interface ResumeOptions {
  readonly reason?: string;
  readonly adopt?: boolean;
  readonly detach?: boolean;
  readonly force?: boolean;
}

/** Sections of mlreg.yaml that no plan holds, and that a step forward reads. */
const readWhileDriving = ['sagemaker', 'requests'] as const;

/**
 * Takes up whatever stopped: a paused rollout by asking its owner, an interrupted one by becoming its owner. A person who
 * wants to drive goes before the controller.
 */
export async function resume(context: Context, options: ResumeOptions): Promise<ExitCode> {
  const forced = forceOf(options);
  const at = await openSession(context, 'lenient');
  const look = await refuseWhereBehind(at);
  const running = (await unfinished(at)) ?? (await undone(at)) ?? (await mustRun(at));
  // Its plan is frozen; what is still to be built or asked of a new version is in the file alone.
  if (running.phase === 'forward' && running.plan.strategy !== 'rollback')
    refuseMistakesIn(at.config, readWhileDriving, `${running.id}, which goes forward,`);
  if (options.detach === true) mustHaveController(at);
  // Users are back, and its owner may not know for as long as its bake lasts: whoever resumes records it.
  const meaning = look?.claim.meaning;
  const isBack = meaning?.kind === 'unknown-rollback' && meaning.rollout === running.id;
  const mayAsk = forced === undefined && running.outcome === null && !isBack;
  if (mayAsk && (await ownerLives(context, at)) && !(await makesWay(at, options))) {
    return askOwner(context, at, running, { kind: 'resume' }, options.reason ?? '');
  }
  return takeUp(context, at, running, options);
}

/** Asked last: the controller takes up what a dead process left within seconds, and does not stand in a person's way. */
async function makesWay({ connection }: Session, { detach }: ResumeOptions): Promise<boolean> {
  const { owner } = await connection.store.lock();
  return owner !== null && isController(owner) && detach !== true;
}

/** Becomes its owner, whoever was, and goes on where its journal ends. */
export async function takeUp(
  context: Context,
  at: Session,
  running: RolloutState,
  options: ResumeOptions,
): Promise<ExitCode> {
  const forced = forceOf(options);
  context.output.say(
    `taking up ${running.id}: ${running.plan.strategy} of ${running.plan.challenger}, ${stepPlace(running)}`,
  );
  const follower = await startFollowing(context);
  const ports = portsOf(context, at, follower.onEntry);
  const taken = await takeOver(ports, running.id, context.actor, {
    ...at.config.lambda,
    adopt: options.adopt === true,
    ...(forced === undefined ? {} : { forced }),
  });
  if (await isPaused(at, taken.state())) {
    const request = {
      kind: 'resume',
      id: context.world.ids.requestId(),
      at: context.world.clock.now(),
      by: context.actor.name,
      reason: options.reason ?? '',
    } as const;
    await at.connection.store.post(running.id, request);
  }
  const journal = options.detach === true ? await handOver(context, at, ports, taken) : taken;
  if (journal === null) {
    follower.stop();
    return exitCode.done;
  }
  const { code, state } = await driveToEnd(context, at, ports, journal, follower);
  // What ended because users had been brought back from an earlier rollout leaves that one to be told.
  const next = code === exitCode.rolledBack || code === exitCode.aborted ? await undone(at) : null;
  if (next === null || next.id === running.id) return answerOutcome(context, state, code);
  return takeUp(context, at, next, {});
}

/** A rollout that has ended, and that somebody brought users back from since, is after its last step. */
const stepPlace = ({ step, plan: { steps } }: RolloutState): string =>
  step < steps.length ? `step ${step + 1} of ${steps.length}` : 'after its last step';

/** Also by a wish that nobody has read yet: who was told to hold and let go left one. */
async function isPaused({ connection }: Session, state: RolloutState): Promise<boolean> {
  if (state.pausedAt !== null) return true;
  const unread = await connection.store.inbox(state.id, state.requestsSeen);
  return unread.some(({ kind }) => kind === 'pause');
}
