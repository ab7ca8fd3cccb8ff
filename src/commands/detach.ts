import { UserError } from '../domain/user-error.ts';
import type { Dispatcher } from '../ports/dispatcher.ts';
import { rolloutData } from '../reporting/rollout-view.ts';
import { viewOf } from '../view/view.ts';
import type { JournalWriter } from '../runner/journal-writer.ts';
import { takeOver } from '../runner/own.ts';
import type { RolloutPorts } from '../runner/ports.ts';
import type { Session } from '../app/session.ts';
import type { Context } from './context.ts';
import { wake } from '../app/wake.ts';

/** @throws UserError where nothing would drive on */
export function mustHaveController({ config, connection }: Session): Dispatcher {
  if (connection.controller !== null) return connection.controller;
  throw new UserError('usage', `nothing else drives rollouts in ${config.name}`, {
    why: 'a detached rollout needs the rollout controller, which this environment does not have',
    mend:
      config.kind === 'local'
        ? ['run it without --detach', 'mlreg local down, then: mlreg local up --detach']
        : 'run it without --detach',
  });
}

/**
 * Lets go of a rollout that this process owns: from here on the controller drives it.
 * @returns null; or the rollout, owned again, where the controller could not be woken: nobody is left unwatched
 */
export async function handOver(
  context: Context,
  at: Session,
  ports: RolloutPorts,
  journal: JournalWriter,
): Promise<JournalWriter | null> {
  const controller = mustHaveController(at);
  const state = journal.state();
  await at.connection.store.release(journal.token);
  if (!(await wake(context, controller, state.id, journal.token))) {
    context.output.say('so this process drives it');
    return takeOver(ports, state.id, context.actor, state.plan);
  }
  const environment = `--environment ${at.config.name}`;
  context.output.answer(
    {
      ...rolloutData(viewOf(state, [], context.world.clock.now())),
      kind: 'Deploy',
      result: 'detached',
      exitCode: 0,
    },
    () =>
      [
        `${state.id} is under way, and ${controller.name} drives it`,
        `  follow  mlreg watch ${environment}`,
        `  look    mlreg status ${environment}`,
        `  end     mlreg abort ${environment}`,
      ].join('\n'),
  );
  return null;
}
