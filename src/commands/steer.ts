import type { Request } from '../domain/journal.ts';
import { parsePercent } from '../domain/parse.ts';
import { createLimit } from '../domain/limit.ts';
import { later } from '../domain/units.ts';
import { PlatformError } from '../ports/platform.ts';
import { UserError } from '../domain/user-error.ts';
import { admit } from '../engine/admit.ts';
import { takeOver } from '../runner/own.ts';
import { challengerShare, type RolloutState } from '../engine/state.ts';
import { tick } from '../runner/tick.ts';
import { vouched } from '../runner/vouch.ts';
import { answerOutcome } from './answer-outcome.ts';
import { refuseWhereBehind } from '../app/behind.ts';
import { portsOf, type Session, unfinished } from '../app/session.ts';
import { openSession } from '../app/open-session.ts';
import { type Context, startFollowing } from './context.ts';
import { driveToEnd } from './drive-to-end.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { ownerLives } from '../app/owner.ts';

export interface SteerOptions {
  readonly reason?: string;
  readonly full?: boolean;
  readonly percent?: string;
}

/** What is asked, without who, when and why. */
export type Wish =
  | { readonly kind: 'pause' | 'resume' | 'reject' }
  | { readonly kind: 'approve'; readonly planHash: string; readonly token?: string }
  | { readonly kind: 'promote'; readonly full: boolean }
  | { readonly kind: 'traffic'; readonly percent: ReturnType<typeof parsePercent> };

export const pause = (context: Context, options: SteerOptions, rollout?: string): Promise<ExitCode> =>
  steer(context, { kind: 'pause' }, options, rollout);
export const reject = (context: Context, options: SteerOptions, rollout?: string): Promise<ExitCode> =>
  steer(context, { kind: 'reject' }, options, rollout);
export const promote = (context: Context, options: SteerOptions, rollout?: string): Promise<ExitCode> =>
  steer(context, { kind: 'promote', full: options.full === true }, options, rollout);

export async function traffic(context: Context, options: SteerOptions): Promise<ExitCode> {
  if (options.percent === undefined) {
    throw new UserError('usage', 'which share?', {
      mend: ['mlreg traffic --percent 50', 'mlreg status shows the present one'],
    });
  }
  if (/^0+(\.0*)?\s*%?$/.test(options.percent.trim()))
    throw new UserError('usage', 'a share of 0 % would leave the rollout under way without users', {
      mend: [
        'mlreg abort    bring everybody back to the champion',
        'mlreg traffic 1    leave the least there is',
      ],
    });
  const percent = parsePercent(options.percent, '--percent');
  return steer(context, { kind: 'traffic', percent }, options, undefined);
}

/** Asks the owner; where the owner is dead, takes over and does it. */
async function steer(
  context: Context,
  wish: Wish,
  options: SteerOptions,
  rollout: string | undefined,
): Promise<ExitCode> {
  const at = await openSession(context, wish.kind === 'promote' ? 'strict' : 'lenient');
  const running = await mustRun(at, rollout);
  // More users only by a file without mistakes; down there is always a way.
  if (wish.kind === 'traffic' && wish.percent > challengerShare(running)) await context.config('strict');
  return steerRunning(context, at, running, wish, options);
}

export async function steerRunning(
  context: Context,
  at: Session,
  running: RolloutState,
  wish: Wish,
  options: SteerOptions,
): Promise<ExitCode> {
  if (await ownerLives(context, at)) return askOwner(context, at, running, wish, options.reason ?? '');
  const request = requestOf(context, wish, options.reason ?? '');
  // Who would be refused must not become the owner first.
  const believed = await vouched(at.connection.jobTokens, running, request, request.at);
  const { accepted, answer } = admit(running, believed, request.at);
  if (!accepted) return report(context, running, request, accepted, answer);
  await at.connection.store.post(running.id, request);
  return takeOverAndAnswer(context, at, running, request);
}

export async function askOwner(
  context: Context,
  at: Session,
  running: RolloutState,
  wish: Wish,
  reason: string,
): Promise<ExitCode> {
  const request = requestOf(context, wish, reason);
  await at.connection.store.post(running.id, request);
  return awaitAnswer(context, at, running, request);
}

function requestOf({ world, actor }: Context, wish: Wish, reason: string): Request {
  const { name, identity } = actor;
  return {
    ...wish,
    id: world.ids.requestId(),
    at: world.clock.now(),
    by: name,
    reason,
    ...(identity === undefined ? {} : { identity }),
  };
}

/** @param rollout the one that is meant; by default whichever is under way */
export async function mustRun(at: Session, rollout?: string): Promise<RolloutState> {
  await refuseWhereBehind(at);
  const running = await unfinished(at);
  if (running !== null && (rollout === undefined || rollout === running.id)) return running;
  if (running !== null) {
    throw new UserError('conflict', `${rollout} is not under way in ${at.config.name}: ${running.id} is`, {
      mend: `mlreg status --environment ${at.config.name}`,
    });
  }
  throw new UserError('conflict', `no rollout is under way in ${at.config.name}`, {
    mend: [
      `mlreg status --environment ${at.config.name}`,
      `mlreg deploy --strategy canary --model-version VERSION --environment ${at.config.name}`,
    ],
  });
}

async function awaitAnswer(
  context: Context,
  at: Session,
  running: RolloutState,
  request: Request,
): Promise<ExitCode> {
  const { clock } = context.world;
  const isOver = createLimit(() => clock.now(), 15_000);
  while (!isOver()) {
    const entries = await at.connection.store.journal(running.id, running.length);
    const answer = entries.find((entry) => entry.kind === 'request' && entry.request.id === request.id);
    if (answer?.kind === 'request') return report(context, running, request, answer.accepted, answer.answer);
    if (entries.some((entry) => entry.kind === 'ended')) {
      return report(context, running, request, false, 'the rollout has ended meanwhile');
    }
    await clock.sleepUntil(later(clock.now(), 100));
  }
  context.output.say(
    `the owner (pid ${running.owner.pid} on ${running.owner.host}) has not answered yet; it will find the request`,
  );
  return exitCode.notFinished;
}

function report(
  context: Context,
  running: RolloutState,
  request: Request,
  accepted: boolean,
  answer: string,
): ExitCode {
  context.output.answer(
    { kind: 'Request', rollout: running.id, request: request.kind, accepted, answer },
    () => (accepted ? `${running.id}: ${answer}` : `${running.id}: refused, ${answer}`),
  );
  return accepted ? exitCode.done : exitCode.conflict;
}

async function takeOverAndAnswer(
  context: Context,
  at: Session,
  running: RolloutState,
  request: Request,
): Promise<ExitCode> {
  context.output.say(`the owner of ${running.id} is gone; taking over`);
  const follower = await startFollowing(context);
  const ports = portsOf(context, at, follower.onEntry);
  const journal = await takeOver(ports, running.id, context.actor, at.config.lambda).catch(
    (error: unknown) => {
      // An approver may ask and not drive: whoever takes the rollout up finds the request.
      if (!(error instanceof PlatformError) || error.failure.kind !== 'denied') throw error;
      return null;
    },
  );
  if (journal === null) {
    follower.stop();
    const { name } = context.actor;
    context.output.say(
      `${name} may not take ${running.id} over; the request waits for whoever does: mlreg resume --environment ${at.config.name}`,
    );
    return exitCode.notFinished;
  }
  if (request.kind === 'pause') {
    // Paused rollouts need no driver; resume takes them up.
    await tick(ports, journal);
    await at.connection.store.release(journal.token);
    follower.stop();
    return report(context, running, request, true, 'paused; nobody drives it until mlreg resume');
  }
  const { code, state } = await driveToEnd(context, at, ports, journal, follower);
  return answerOutcome(context, state, code);
}
