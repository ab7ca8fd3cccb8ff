import { createLimit } from '../domain/limit.ts';
import { formatDuration, parseDuration } from '../domain/parse.ts';
import { later } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { type Heard, heardNow, joined, living, seenOfLate, type Waiter } from '../domain/waiters.ts';
import type { RolloutState } from '../engine/state.ts';
import { counted } from '../view/words.ts';
import { type Session, unfinished } from '../app/session.ts';
import type { Context } from './context.ts';

export interface WayOptions {
  readonly queue?: string;
  readonly supersede?: boolean;
  readonly reason?: string;
  readonly force?: boolean;
}

/** What a deploy does about a rollout that is under way. */
export type Way =
  | { readonly kind: 'refuse' }
  | { readonly kind: 'queue'; readonly limitMs: number }
  | { readonly kind: 'supersede'; readonly reason: string };

/** @throws UserError usage */
export function wayOf({ queue, supersede, reason = '' }: WayOptions): Way {
  if (queue !== undefined && supersede === true) {
    throw new UserError('usage', '--queue and --supersede exclude each other', { mend: '--queue 1h' });
  }
  if (queue !== undefined) return { kind: 'queue', limitMs: parseDuration(queue, '--queue') };
  if (supersede !== true) return { kind: 'refuse' };
  if (reason.trim() === '') {
    throw new UserError('usage', '--supersede aborts the running rollout, and needs a reason', {
      why: 'the journal says who ended a rollout, and why',
      mend: 'add --reason "v2.4.0 fixes it"',
    });
  }
  return { kind: 'supersede', reason: reason.trim() };
}

const beatMs = 5_000;
const lookMs = 1_000;

export interface Turn {
  /** Gives the place up: the rollout has begun, or never will. */
  leave(): Promise<void>;
}

/**
 * Waits until no rollout is under way and nobody who came before waits, for so long at most. The place is kept until `leave`.
 * The lock alone decides who begins.
 * @throws UserError conflict where the time is up, or a rollout is stuck and ends by nobody's patience
 */
export async function waitForTurn(
  context: Context,
  at: Session,
  { limitMs, version }: { readonly limitMs: number; readonly version: string },
): Promise<Turn> {
  const { world, actor, output } = context;
  const { clock } = world;
  const { waiting } = at.connection;
  const begun = clock.now();
  const left = new AbortController();
  let me: Waiter = {
    id: `${actor.host}-${actor.pid}-${world.ids.requestId()}`.slice(0, 200),
    by: actor.name.slice(0, 200),
    host: actor.host.slice(0, 200),
    version,
    since: begun,
    seenAt: begun,
  };
  let heard: Heard = new Map();
  let beatenAt: number | null = null;
  let told = '';
  /** The living, me included. */
  async function look(): Promise<readonly Waiter[]> {
    const found = await waiting.read();
    const now = clock.now();
    heard = heardNow(heard, found, now);
    const others = living(found, heard, now).filter(({ id }) => id !== me.id);
    const isDue =
      beatenAt === null || Math.abs(now - beatenAt) >= beatMs || !found.some(({ id }) => id === me.id);
    if (isDue) {
      me = { ...me, seenAt: now };
      beatenAt = now;
      await waiting.replace(joined(others, me));
    }
    return living(joined(others, me), new Map(), now);
  }
  async function leave(): Promise<void> {
    left.abort();
    // Who can't be told finds a dead waiter, and waits for nobody.
    const others = await waiting.read().catch(() => null);
    if (others !== null)
      await waiting.replace(others.filter(({ id }) => id !== me.id)).catch(() => undefined);
  }
  const keepPlace = async (): Promise<void> => {
    while (!left.signal.aborted) {
      await clock.sleepUntil(later(clock.now(), beatMs), left.signal);
      if (!left.signal.aborted) await look().catch(() => undefined);
    }
  };
  const isOver = createLimit(() => clock.now(), limitMs);
  try {
    for (;;) {
      const line = await look();
      const running = await unfinished(at);
      refuseStuck(at, running);
      const before = line.findIndex(({ id }) => id === me.id);
      if (running === null && before === 0) break;
      const what = running === null ? 'nothing runs' : `${running.id} of ${running.plan.challenger} runs`;
      const text = `waiting for its turn in ${at.config.name}: ${what}, ${counted(before, 'deploy')} before this one`;
      if (text !== told) output.say(text);
      told = text;
      if (isOver()) {
        throw new UserError('conflict', `${version} did not get its turn within ${formatDuration(limitMs)}`, {
          why: `${what}, ${counted(before, 'deploy')} before this one`,
          mend: `mlreg status --environment ${at.config.name}`,
        });
      }
      await clock.sleepUntil(later(clock.now(), lookMs));
    }
  } catch (error) {
    await leave();
    throw error;
  }
  void keepPlace();
  return { leave };
}

/** @throws UserError conflict: a person must look, and nobody's waiting ends it */
export function refuseStuck({ config }: Session, running: RolloutState | null): void {
  if (running?.outcome?.kind !== 'stuck') return;
  throw new UserError('conflict', `rollout ${running.id} is stuck in ${config.name}`, {
    why: running.outcome.sentence,
    mend: running.outcome.mend,
  });
}

/** Users on their way back are never stopped, and a watch is ended as such. @throws UserError conflict */
export function refuseSupersede(at: Session, running: RolloutState): void {
  refuseStuck(at, running);
  const { id, plan, phase } = running;
  if (plan.strategy !== 'rollback' && phase !== 'rolling-back') return;
  throw new UserError('conflict', `${id} is rolling back, and nothing supersedes a rollback`, {
    mend: '--queue 1h',
  });
}

/** The line for `mlreg status`: who waits. Empty where nobody does, or nobody knows. */
export async function waitersNow({ world }: Context, { connection }: Session): Promise<readonly Waiter[]> {
  const found = await connection.waiting.read().catch(() => []);
  return seenOfLate(found, world.clock.now());
}

export const waiterText = ({ version, by, host, since }: Waiter, now: number): string =>
  `${version} by ${by} on ${host} for ${formatDuration(Math.max(0, Math.round((now - since) / 1_000) * 1_000))}`;
