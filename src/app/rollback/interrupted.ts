import { harmFields } from '../../engine/harm.ts';
import type { RollbackCause } from '../../domain/journal.ts';
import { targetText } from '../../domain/route.ts';
import { UserError } from '../../domain/user-error.ts';
import { unreachable } from '../../domain/units.ts';
import { isOutage } from '../../runner/outage.ts';
import { rollBackBlind, writerFrom } from '../../runner/roll-back-blind.ts';
import type { RolloutState } from '../../engine/state.ts';
import { markerOf, undoOf } from './without-store.ts';
import type { Session, Caller } from '../session.ts';
import { isBlind } from '../../engine/marker.ts';

/**
 * An interrupted process rolls back while the store can't be used: by the alias alone, for users must not wait until the
 * store returns. A newer owner's alias is left to it.
 * @param error what the store answered
 * @returns the rollout as users have it now. Its journal is told by the next `mlreg resume`
 * @throws Error the same, where that is no outage; UserError where the alias could not be moved
 */
export async function rollBackInterrupted(
  context: Caller,
  { config, connection }: Session,
  state: RolloutState,
  cause: RollbackCause,
  error: unknown,
): Promise<RolloutState> {
  if (!isOutage(error)) throw error;
  const { output, world } = context;
  const { alias } = config.lambda;
  output.say(`the store can't be used (${error.message}); rolling back by what the alias says`);
  const { stamp } = await connection.platform.readAlias(alias);
  if (stamp !== undefined && stamp.token > state.token && !isBlind(stamp)) {
    output.say(`${state.id} was taken over (token ${stamp.token} on alias ${alias}); it goes on there`);
    return state;
  }
  const to = undoOf(state);
  const undoes = markerOf(state);
  const outcome = await rollBackBlind(connection.platform, config.lambda, {
    writer: writerFrom(world.ids.requestId()),
    ...(to === undefined ? {} : { to }),
    ...(undoes === undefined ? {} : { undoes }),
  });
  const next = `make the store usable again, then: mlreg resume --environment ${config.name}`;
  const isBack: RolloutState = {
    ...state,
    phase: 'ended',
    outcome: { kind: 'rolled-back', cause, ...harmFields(state) },
  };
  switch (outcome.kind) {
    case 'set': {
      const { functionVersion } = outcome.view.target;
      output.say(`alias ${alias} serves Lambda version ${functionVersion} alone, read back. Next: ${next}`);
      return isBack;
    }
    case 'another-order': {
      const serves = targetText(outcome.view.target);
      output.say(`another person rolled back before: alias ${alias} serves ${serves}. Next: ${next}`);
      return isBack;
    }
    case 'another-rollout':
      output.say(`${state.id} is over: ${outcome.rollout} has alias ${alias} since`);
      return state;
    case 'no-way-back':
      output.say(`${state.id} had moved nobody: mlreg never wrote alias ${alias}. Next: ${next}`);
      return state;
    case 'failed':
      throw new UserError('unavailable', `alias ${alias} could not be moved: ${outcome.error.message}`, {
        mend: `mlreg rollback --environment ${config.name}`,
        cause: outcome.error,
      });
    default:
      return unreachable(outcome);
  }
}
