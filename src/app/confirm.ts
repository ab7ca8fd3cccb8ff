import type { EnvironmentConfig } from '../config/index.ts';
import { UserError } from '../domain/user-error.ts';
import type { Caller } from './session.ts';

/** Asks on a terminal, demands --yes elsewhere. Only for what moves users towards something new. */
export async function confirm(caller: Caller, config: EnvironmentConfig, question: string): Promise<void> {
  if (!config.protected || caller.options.yes === true) return;
  if (!caller.world.streams.stderrIsTerminal) {
    throw new UserError('usage', `${config.name} is protected and nobody can be asked`, {
      mend: 'add --yes to the command',
    });
  }
  const answer = await caller.world.ask(
    `${question}\nType the environment's name (${config.name}) to go on: `,
  );
  if (answer?.trim() !== config.name) throw new UserError('usage', 'not confirmed; nothing was changed');
}
