import type { RolloutId } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import type { Dispatcher } from '../ports/dispatcher.ts';
import { PlatformError } from '../ports/platform.ts';
import { rolloutData } from '../reporting/rollout-view.ts';
import type { JournalWriter } from '../rollout/journal-writer.ts';
import type { Context, Target } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

/** @throws UserError where nothing would drive on */
export function mustHaveController({ config, connection }: Target): Dispatcher {
  if (connection.controller !== null) return connection.controller;
  throw new UserError('usage', `nothing else drives rollouts in ${config.name}`, {
    why: 'a detached rollout needs the rollout controller, which this environment does not have',
    mend:
      config.kind === 'local'
        ? ['run it without --detach', 'mlreg local down, then: mlreg local up --detach']
        : 'run it without --detach',
  });
}

/** Lets go of a rollout that this process owns: from here on the controller drives it. */
export async function handOver(context: Context, at: Target, journal: JournalWriter): Promise<ExitCode> {
  const controller = mustHaveController(at);
  const state = journal.state();
  await at.connection.store.release(journal.token);
  await wake(context, controller, state.id, journal.token);
  const environment = `--environment ${at.config.name}`;
  context.output.answer({ ...rolloutData(state), kind: 'Deploy', result: 'detached', exitCode: 0 }, () =>
    [
      `${state.id} is under way, and ${controller.name} drives it`,
      `  follow  mlreg watch ${environment}`,
      `  look    mlreg status ${environment}`,
      `  end     mlreg abort ${environment}`,
    ].join('\n'),
  );
  return exitCode.done;
}

/** A controller that can't be woken finds the rollout by itself; only later. */
export async function wake(
  { output }: Pick<Context, 'output'>,
  controller: Dispatcher,
  id: RolloutId,
  token: number,
): Promise<void> {
  try {
    await controller.dispatch(id, token);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    output.say(
      `${controller.name} could not be woken (${error.message}); its schedule takes ${id} up within some minutes`,
    );
  }
}
