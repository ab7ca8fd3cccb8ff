import type { RolloutId } from '../domain/units.ts';
import type { Dispatcher } from '../ports/dispatcher.ts';
import { PlatformError } from '../ports/platform.ts';
import type { Caller } from './session.ts';

/** @returns false where it could not be woken, which has been said */
export async function wake(
  { output }: Pick<Caller, 'output'>,
  controller: Dispatcher,
  id: RolloutId,
  token: number,
): Promise<boolean> {
  try {
    await controller.dispatch(id, token);
    return true;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    output.say(`${controller.name} could not be woken: ${error.message}`);
    return false;
  }
}
