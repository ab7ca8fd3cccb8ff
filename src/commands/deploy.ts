import { confirm } from '../app/confirm.ts';
import { openSession } from '../app/open-session.ts';
import { refuseWhereUnknown } from '../app/behind.ts';
import { forceOf } from '../app/owner.ts';
import { withPower } from '../app/plan/plan.ts';
import { generationFor, refuseUnfit } from '../app/plan/prepare.ts';
import { acceptSmoke } from '../app/plan/smoke.ts';
import { wordsOf } from '../app/plan/words.ts';
import { portsOf, type Session, unfinished } from '../app/session.ts';
import { beginRollout, checkBeforeStart, readyToStart, type StartOptions } from '../app/start.ts';
import { parseDuration } from '../domain/parse.ts';
import { later } from '../domain/units.ts';
import { planSummary } from '../reporting/plan-view.ts';
import { supersedeRunning } from './abort.ts';
import { answerOutcome } from './answer-outcome.ts';
import { type Context, startFollowing } from './context.ts';
import { handOver, mustHaveController } from './detach.ts';
import { driveToEnd } from './drive-to-end.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { refuseSupersede, waitForTurn, wayOf } from './make-way.ts';
import { answerPlan } from './plan.ts';
import { sayServerWords } from './server-words.ts';

export interface DeployOptions extends StartOptions {
  readonly timeout?: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly queue?: string;
  readonly supersede?: boolean;
}

export async function deploy(context: Context, options: DeployOptions): Promise<ExitCode> {
  // Everything that is wrong with the words is said before anybody is asked anything.
  wordsOf(options);
  const forced = forceOf(options);
  const way = wayOf(options);
  const timeoutMs = options.timeout === undefined ? undefined : parseDuration(options.timeout, '--timeout');
  const at = await openSession(context);
  if (options.detach === true) mustHaveController(at);
  const limits = { forced, timeoutMs };
  if (options.dryRun === true) return begin(context, options, at, limits);
  if (way.kind === 'queue') {
    await refuseWhereUnknown(at);
    const wanted = { limitMs: way.limitMs, version: options.modelVersion ?? '' };
    const turn = await waitForTurn(context, at, wanted);
    try {
      return await begin(context, options, at, { ...limits, onBegun: () => turn.leave() });
    } finally {
      await turn.leave();
    }
  }
  if (way.kind === 'supersede') {
    const failed = await supersede(context, options, at, way.reason);
    if (failed !== null) return failed;
  }
  return begin(context, options, at, limits);
}

/** @returns why what runs could not be ended; null where nothing runs any more */
async function supersede(
  context: Context,
  options: DeployOptions,
  at: Session,
  reason: string,
): Promise<ExitCode | null> {
  await refuseWhereUnknown(at);
  const running = await unfinished(at);
  if (running === null) return null;
  refuseSupersede(at, running);
  // The version must be one that could begin, before anything ends for it.
  const { record } = await generationFor(context, at, options);
  refuseUnfit(at.config, record);
  acceptSmoke(context, at, { noSmoke: options.smoke === false, reason: options.reason });
  await confirm(
    context,
    at.config,
    `abort ${running.id} of ${running.plan.challenger} for ${record.version}`,
  );
  return supersedeRunning(context, at, running, `superseded by ${record.version}: ${reason}`);
}

/** Nothing else is to be under way. */
async function begin(
  context: Context,
  options: DeployOptions,
  at: Session,
  {
    forced,
    timeoutMs,
    onBegun,
  }: {
    readonly forced: string | undefined;
    readonly timeoutMs: number | undefined;
    readonly onBegun?: () => Promise<void>;
  },
): Promise<ExitCode> {
  const { output, world } = context;
  const ready = await readyToStart(context, at, options, { begins: options.dryRun !== true });
  if (ready.kind === 'already-serving') {
    const { version } = ready;
    output.answer(
      { kind: 'Deploy', result: 'already-serving', version },
      () => `${version} serves ${at.config.name} already; nothing to do`,
    );
    return exitCode.done;
  }
  if (options.dryRun === true) return answerPlan(context, at, withPower(ready.prepared.plan));
  const { prepared, actor } = await checkBeforeStart(context, at, ready.prepared, options);
  const { plan } = prepared;
  await confirm(
    context,
    at.config,
    `${plan.strategy}: ${plan.champion ?? 'nothing'} -> ${plan.challenger} in ${at.config.name} (${at.connection.place})`,
  );
  if (plan.champion === null) {
    output.say(
      `${at.config.name} has no champion: ${plan.challenger} goes to everybody ${at.connection.smokeRequests > 0 ? 'after its smoke test' : 'untested'}, and there is nothing to roll back to`,
    );
  }
  output.say(planSummary(plan, output.paintTalk));
  const follower = await startFollowing(context);
  const ports = portsOf(context, at, follower.onEntry);
  try {
    const started = await beginRollout(context, at, ports, {
      prepared,
      actor,
      reason: options.reason,
      force: forced !== undefined,
    });
    await onBegun?.();
    const journal = options.detach === true ? await handOver(context, at, ports, started) : started;
    if (journal === null) return exitCode.done;
    const until = timeoutMs === undefined ? undefined : later(world.clock.now(), timeoutMs);
    const { code, state } = await driveToEnd(context, at, ports, journal, follower, until);
    const answered = answerOutcome(context, state, code);
    await sayServerWords(context, at, state);
    return answered;
  } finally {
    follower.stop();
  }
}
