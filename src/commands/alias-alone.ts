import { PlatformError } from '../ports/platform.ts';
import { isStoreLost, markerOf } from '../app/rollback/without-store.ts';
import { StoreBehind } from '../runner/look.ts';
import { rollBackBlind, writerFrom } from '../runner/roll-back-blind.ts';
import type { RolloutState } from '../engine/state.ts';
import { targetText } from '../domain/route.ts';
import type { Session } from '../app/session.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { tellKeys } from '../app/rollback/return-keys.ts';

/** A person's order while the store can't be used: where to, and whether over another person's. */
export interface AliasOrder {
  /** The Lambda version; where the alias's marker leads back to unless named. */
  readonly to?: string | undefined;
  /** The rollout that is undone, and no later one. */
  readonly running?: RolloutState | undefined;
  readonly force?: boolean | undefined;
}

/** Tries with the store, and where that is lost by the alias alone: users are waiting. */
export async function orByAliasAlone(
  context: Context,
  at: Session,
  withStore: () => Promise<ExitCode>,
  order: AliasOrder,
): Promise<ExitCode> {
  try {
    return await withStore();
  } catch (error) {
    if (!isStoreLost(error)) throw error;
    return rollBackByAliasAlone(context, at, error, order);
  }
}

/** A store that does not know of what serves refuses a resume, too: it has to be recovered, or another one named. */
const nextOf = (cause: unknown, environment: string): string =>
  (cause instanceof StoreBehind ? cause.mend[0] : undefined) ??
  `make the store usable again, then mlreg resume --environment ${environment}`;

/** All that is needed stands on the alias. */
export async function rollBackByAliasAlone(
  context: Context,
  at: Session,
  cause: unknown,
  { to, running, force }: AliasOrder = {},
): Promise<ExitCode> {
  const { output, world } = context;
  const { config, connection } = at;
  const why = cause instanceof Error ? cause.message : String(cause);
  output.say(`the store can't be used (${why}); rolling back by what the alias says`);
  const undoes = running === undefined ? undefined : markerOf(running);
  const outcome = await rollBackBlind(connection.platform, config.lambda, {
    writer: writerFrom(world.ids.requestId()),
    ...(to === undefined ? {} : { to }),
    ...(undoes === undefined ? {} : { undoes }),
    force: force === true,
  });
  const { alias } = config.lambda;
  switch (outcome.kind) {
    case 'set': {
      const { functionVersion } = outcome.view.target;
      output.answer({ kind: 'Rollback', result: 'rolled-back-blind', alias, functionVersion }, () =>
        [
          `alias ${alias} serves Lambda version ${functionVersion} alone, read back`,
          `next: ${nextOf(cause, config.name)}`,
        ].join('\n'),
      );
      await tellKeys(context, at, functionVersion);
      return exitCode.done;
    }
    case 'another-order': {
      const serves = targetText(outcome.view.target);
      output.answer(
        { kind: 'Rollback', result: 'another-order', alias, serves, wanted: outcome.wanted },
        () =>
          [
            `alias ${alias} serves ${serves} since another person rolled back without the store; you asked for Lambda version ${outcome.wanted}`,
            'nothing was changed; to go over that rollback: the same command with --force --reason WHY',
          ].join('\n'),
      );
      return exitCode.usage;
    }
    case 'another-rollout': {
      const serves = targetText(outcome.view.target);
      const { rollout } = outcome;
      output.answer({ kind: 'Rollback', result: 'another-rollout', alias, serves, rollout }, () =>
        [
          `${running?.id ?? 'that rollout'} is over: ${rollout} has alias ${alias} since, which serves ${serves}`,
          `nothing was changed; to roll that one back: mlreg rollback --environment ${config.name}`,
        ].join('\n'),
      );
      return exitCode.usage;
    }
    case 'no-way-back':
    case 'failed': {
      // What AWS refuses with the store it refuses without: its own words, and their exit code.
      if (cause instanceof PlatformError) throw cause;
      const reason = outcome.kind === 'failed' ? outcome.error.message : 'mlreg never wrote this alias';
      output.answer(
        { kind: 'Rollback', result: 'stuck', alias, why: reason },
        () =>
          `STUCK  alias ${alias} could not be moved: ${reason}\n  choose  mlreg doctor --environment ${config.name}`,
      );
      return exitCode.stuck;
    }
  }
}
