import type { Clock } from '../ports/index.ts';
import { later } from '../domain/units.ts';
import { type Lap, lap, type Post } from './lap.ts';

/** An owner looks into its inbox at least so often, and a person who was just killed is missed as soon. */
const longestMs = 1_000;
/** After a look that failed: long enough not to fill a log, short enough for users. */
const afterErrorMs = 2_000;

/**
 * Laps for ever, as schedule and state machine call them in an account. Errors end no guard: they are told, once each
 * time they change, and the next look tries again.
 * @param post the environment as mlreg.yaml has it now
 */
export async function guard(options: {
  readonly post: () => Promise<Post>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}): Promise<void> {
  const { clock, signal, say } = options;
  let told = '';
  while (!signal.aborted) {
    let next = later(clock.now(), longestMs);
    try {
      const result = await lap(await options.post(), true);
      told = '';
      const line = lineOf(result);
      if (line !== null) say(line);
      if ('at' in result && result.at < next) next = result.at;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== told) say(`could not look after rollouts: ${message}`);
      told = message;
      next = later(clock.now(), afterErrorMs);
    }
    await clock.sleepUntil(next, signal);
  }
}

/** What people want to know of a lap; null for all that is as it was. */
export function lineOf(result: Lap): string | null {
  switch (result.kind) {
    case 'again':
      return result.adopted === null ? null : `took up ${result.rollout}: ${result.adopted}`;
    case 'ended':
      return `${result.rollout} ${result.outcome.kind}`;
    case 'lost':
      return `left ${result.rollout} to ${result.by}`;
    case 'rest':
    case 'watch':
      return null;
  }
}
