import type { Actor } from './journal.ts';

/** What stands as the command of the rollout controller, which drives rollouts that nobody else does. */
export const controllerCommand = 'mlreg controller';

export const isController = ({ command }: Actor): boolean => command === controllerCommand;
