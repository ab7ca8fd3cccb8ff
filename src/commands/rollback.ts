import { parseVersion } from '../domain/parse.ts';
import { isRetired, type VersionRecord } from '../domain/registry.ts';
import type { VersionTag } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { start } from '../rollout/own.ts';
import { rollBackBlind } from '../rollout/roll-back-blind.ts';
import type { RolloutState } from '../rollout/state.ts';
import { homeOf } from '../rollout/target.ts';
import { rollback as rollbackPlan } from '../strategies/rollback.ts';
import { nextEndpoint } from '../domain/names.ts';
import { answerOutcome } from './answer-outcome.ts';
import { abortRunning } from './abort.ts';
import { type Context, portsOf, startFollowing, type Target, target, undone, unfinished } from './context.ts';
import { driveToEnd } from './drive-to-end.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { settingsFor } from './compile.ts';
import { championOf, registered } from './prepare.ts';
import { takeUp } from './resume.ts';

export interface RollbackOptions {
  readonly to?: string;
  readonly reason?: string;
}

/** One move back to a version known good, rollout or not. Asks nothing and waits for nothing but the move itself. */
export async function rollback(context: Context, options: RollbackOptions): Promise<ExitCode> {
  const to =
    options.to === undefined || options.to === 'previous' ? undefined : parseVersion(options.to, '--to');
  const at = await target(context);
  let running: RolloutState | null;
  try {
    // Who rolls back after a rollback by the alias alone wants that one known first.
    running = (await unfinished(at)) ?? (await undone(at));
  } catch (error) {
    // A named version needs the registry; the way back does not.
    if (to !== undefined) throw error;
    return blind(context, at, error);
  }
  if (running !== null) {
    const { strategy, champion, challenger } = running.plan;
    // Who rolls back while a rollback is unfinished wants it finished, and not undone.
    const isBack = strategy === 'rollback';
    const code = isBack
      ? await takeUp(context, at, running, { reason: options.reason ?? '' })
      : await abortRunning(context, at, running, options.reason ?? 'mlreg rollback');
    const isThere = to === undefined || to === (isBack ? challenger : champion);
    if (code !== exitCode.done || isThere) return code;
  }
  const champion = await championOf(at);
  const wanted = to === undefined ? await previous(at, champion) : await knownGood(at, to);
  return moveTo(context, at, wanted, champion, options.reason ?? '');
}

/** The store is out of reach or damaged, and users are waiting: the alias knows the way back. */
async function blind(context: Context, { config, connection }: Target, cause: unknown): Promise<ExitCode> {
  const { output } = context;
  output.say(
    `the store can't be read (${cause instanceof Error ? cause.message : String(cause)}); going back by what the alias says`,
  );
  const outcome = await rollBackBlind(connection.platform, config.lambda, config.name);
  const { alias } = config.lambda;
  if (outcome.kind === 'set') {
    const { functionVersion } = outcome.view.target;
    output.answer({ kind: 'Rollback', result: 'rolled-back-blind', alias, functionVersion }, () =>
      [
        `alias ${alias} serves Lambda version ${functionVersion} alone, read back`,
        `next: mend the store, then mlreg resume --environment ${config.name}`,
      ].join('\n'),
    );
    return exitCode.done;
  }
  const why =
    outcome.kind === 'no-way-back'
      ? 'mlreg never wrote this alias'
      : outcome.kind === 'failed'
        ? outcome.error.message
        : `somebody else holds it (${outcome.kind})`;
  output.answer(
    { kind: 'Rollback', result: 'stuck', alias, why },
    () =>
      `STUCK  alias ${alias} could not be moved: ${why}\n  choose  mlreg doctor --environment ${config.name}`,
  );
  return exitCode.stuck;
}

async function moveTo(
  context: Context,
  at: Target,
  wanted: VersionRecord,
  champion: VersionRecord | null,
  reason: string,
): Promise<ExitCode> {
  const { config, connection } = at;
  const alias = await connection.platform.readAlias(config.lambda.alias);
  const { functionVersion } = wanted;
  if (
    champion?.version === wanted.version &&
    functionVersion === alias.target.functionVersion &&
    Object.keys(alias.target.weights).length === 0
  ) {
    context.output.answer(
      { kind: 'Rollback', result: 'already-serving', version: wanted.version },
      () => `${wanted.version} serves 100 % of ${config.name} already`,
    );
    return exitCode.done;
  }
  const own = nextEndpoint({ model: config.model, environment: config.name }, wanted);
  if (isRetired(wanted) || wanted.endpoint === undefined) {
    context.output.say(
      `${wanted.version} has no endpoint any more: it is provisioned again first, which takes minutes on AWS`,
    );
  }
  const endpoints: Record<string, { name: string; generation: number }> = {
    [wanted.version]: own,
  };
  if (champion?.endpoint !== undefined && champion.version !== wanted.version)
    endpoints[champion.version] = champion.endpoint;
  const roles = {
    champion: champion?.version === wanted.version ? null : (champion?.version ?? null),
    challenger: wanted.version,
  };
  const { tickMs: tick } = config.strategies.watch;
  const plan = rollbackPlan(settingsFor(config, roles, { shares: [100], bakeMs: tick, tickMs: tick }, []));
  const follower = await startFollowing(context);
  const ports = portsOf(context, at, follower.onEntry);
  const id = context.world.ids.rolloutId();
  const codeSha256 = await connection.platform.codeSha256();
  try {
    const home = homeOf(roles.champion === null ? null : champion, alias.target);
    const journal = await start(ports, id, {
      plan,
      actor: context.actor,
      reason,
      home,
      endpoints,
      codeSha256,
      // From here on this is its endpoint, also where the rollout ends halfway: gc finds it by the registry alone.
      changes: [{ version: wanted.version, set: { endpoint: own } }],
    });
    const { code, state } = await driveToEnd(context, at, ports, journal, follower);
    return answerOutcome(context, state, code);
  } finally {
    follower.stop();
  }
}

/** A version that has served everybody: all others must earn it, with approvals and bakes. */
async function knownGood(at: Target, to: VersionTag): Promise<VersionRecord> {
  const record = await registered(at, to);
  if (record.functionVersion !== undefined) return record;
  throw new UserError('conflict', `${to} has never served everybody in ${at.config.name}`, {
    why: 'a rollback goes to a version known good, without approval and without a trial',
    mend: `mlreg deploy --model-version ${to} --environment ${at.config.name}`,
  });
}

/** The newest version that served everybody, and was not rolled back from. */
async function previous(
  { connection, config }: Target,
  champion: VersionRecord | null,
): Promise<VersionRecord> {
  const served = (await connection.store.versions())
    .filter((version) => version.status === 'archived' && version.version !== champion?.version)
    .sort((a, b) => b.statusAt - a.statusAt);
  const [newest] = served;
  if (newest !== undefined) return newest;
  throw new UserError('conflict', `${config.name} has no earlier version known good`, {
    mend: [
      `mlreg versions --environment ${config.name}`,
      `mlreg rollback --to VERSION --environment ${config.name}`,
    ],
  });
}
