import { isController } from '../domain/controller.ts';
import { createLimit } from '../domain/limit.ts';
import { later } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import type { Context, Target } from './context.ts';

/** Why a lock is broken by hand: `--force` without a reason is refused, for the journal shall say it. */
export function forceOf(options: { readonly force?: boolean; readonly reason?: string }): string | undefined {
  if (options.force !== true) return undefined;
  const reason = options.reason?.trim() ?? '';
  if (reason !== '') return reason;
  throw new UserError('usage', '--force takes the environment from its owner, and needs a reason', {
    why: 'the journal says who broke a lock, and why',
    mend: 'add --reason "the laptop that owned it is lost"',
  });
}

/** An owner writes at least every 5 s; silence for longer than this, on our own clock, is death. */
const silenceMs = 12_000;
/** Longer is a slow call, or a clock that was set: neither tells of the owner. */
const mostStepMs = 3_000;

/** Whether somebody drives the environment's rollout. Watches for a sign of life where the process can't be asked. */
export async function ownerLives(context: Context, { connection, config }: Target): Promise<boolean> {
  const { clock } = context.world;
  const first = await connection.store.lock();
  if (first.owner === null) return false;
  const process = context.world.isAlive(first.owner);
  if (process === 'dead') return false;
  // Its laps come and go; what it owns it goes on with.
  if (isController(first.owner) && connection.controller !== null) return true;
  // A clock that is corrected meanwhile must not make an owner silent.
  const isOver = createLimit(() => clock.now(), silenceMs, mostStepMs);
  for (let waits = 0; !isOver(); waits++) {
    const lock = await connection.store.lock();
    if (lock.owner === null) return false;
    if (lock.beat !== first.beat || lock.token !== first.token) return true;
    // Same machine, process there: all but certain; one beat is worth waiting for only where nothing else tells.
    if (process === 'alive' && waits > 15) return true;
    if (waits === 20)
      context.output.say(`looking whether the owner of ${config.name} (${first.owner.host}) still lives ...`);
    await clock.sleepUntil(later(clock.now(), 100));
  }
  return false;
}
