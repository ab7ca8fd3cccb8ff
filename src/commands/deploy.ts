import { parseDuration } from '../domain/parse.ts';
import { later } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { planSummary } from '../reporting/plan-view.ts';
import { start } from '../runner/own.ts';
import { answerOutcome } from './answer-outcome.ts';
import { refuseWhereUnknown } from './behind.ts';
import { type Context, confirm, portsOf, startFollowing, target, unfinished } from './context.ts';
import { handOver, mustHaveController } from './detach.ts';
import { credentialsEnd, refuseShortCredentials } from './credentials-end.ts';
import { driveToEnd } from './drive-to-end.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { refuseLostEndpoint } from './lost-endpoint.ts';
import { answerPlan } from './plan.ts';
import { forceOf } from './owner.ts';
import { proveMetrics } from './metrics-path.ts';
import { preflight } from './preflight.ts';
import { generationFor, prepare } from './prepare.ts';
import { sayServerWords } from './server-words.ts';
import { acceptSmoke } from './smoke.ts';
import { refuseNamelessStart, whoActs } from './who.ts';
import { refuseOutsideWindow } from './window.ts';
import { type RolloutOptions, wordsOf } from './words.ts';

export interface DeployOptions extends RolloutOptions {
  readonly reason?: string;
  readonly timeout?: string;
  readonly detach?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  /** false for `--no-smoke`. */
  readonly smoke?: boolean;
}

export async function deploy(context: Context, options: DeployOptions): Promise<ExitCode> {
  const { output, world } = context;
  // Everything that is wrong with the words is said before anybody is asked anything.
  wordsOf(options);
  const forced = forceOf(options);
  const timeoutMs = options.timeout === undefined ? undefined : parseDuration(options.timeout, '--timeout');
  const at = await target(context);
  if (options.detach === true) mustHaveController(at);
  await refuseWhereUnknown(at);
  const running = await unfinished(at);
  if (running !== null && options.dryRun !== true) {
    throw new UserError(
      'conflict',
      `rollout ${running.id} of ${running.plan.challenger} is not over in ${at.config.name}`,
      {
        why: `${running.by.name} on ${running.by.host} (pid ${running.owner.pid}) began it ${Math.round((world.clock.now() - running.startedAt) / 1_000)} s ago with '${running.by.command}'`,
        mend: [
          `mlreg status --environment ${at.config.name}`,
          `mlreg resume --environment ${at.config.name}`,
          `mlreg abort --environment ${at.config.name}`,
        ],
      },
    );
  }
  const serving = (await at.connection.store.versions()).find((version) => version.status === 'champion');
  const choice = await generationFor(context, at, options);
  const { version } = choice.record;
  if (serving?.version === version) {
    await refuseLostEndpoint(at, serving);
    output.answer(
      { kind: 'Deploy', result: 'already-serving', version },
      () => `${version} serves ${at.config.name} already; nothing to do`,
    );
    return exitCode.done;
  }
  if (options.dryRun !== true) refuseOutsideWindow(at, options, world.clock.now());
  acceptSmoke(context, at, { noSmoke: options.smoke === false, reason: options.reason });
  const prepared = await prepare(context, at, options, { choice, begins: options.dryRun !== true });
  if (options.dryRun === true) {
    return answerPlan(context, at, prepared.plan);
  }
  const { plan: planned } = prepared;
  const isDetached = options.detach === true;
  if (!isDetached) refuseShortCredentials(planned, credentialsEnd(world.env), world.clock.now());
  await preflight(context, at, { plan: planned, endpoints: prepared.endpoints, isDetached });
  const plan = await proveMetrics(context, at, { plan: planned, champion: serving ?? null });
  // Who may approve depends on who began it; without approvals a rollout doesn't wait for STS to say so.
  const isApproved = plan.steps.some(({ kind }) => kind === 'approve');
  const { actor } = await whoActs(context, at, { kind: 'begin' }).catch((error: unknown) => {
    if (isApproved) throw error;
    return { actor: context.actor };
  });
  if (isApproved) refuseNamelessStart(at, actor);
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
  const id = world.ids.rolloutId();
  try {
    if (prepared.isNew) await at.connection.store.register(prepared.record);
    const started = await start(ports, id, {
      ...prepared,
      plan,
      actor,
      reason: options.reason ?? '',
      force: forced !== undefined,
    });
    const journal = isDetached ? await handOver(context, at, ports, started) : started;
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
