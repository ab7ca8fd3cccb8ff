import type { Clock } from '../ports/index.ts';
import { type Instant, later } from '../domain/units.ts';
import { lap } from './lap.ts';
import type { Lap, Post } from './watched.ts';
import { type Tidied, tidiedLine } from './tidy.ts';

/** An owner looks into its inbox at least so often, and a person who was just killed is missed as soon. */
const longestMs = 1_000;
/** After a look that failed: long enough not to fill a log, short enough for users. */
const afterErrorMs = 2_000;
/** As the schedule in an account. */
const tidyEveryMs = 3_600_000;

export interface Guarded {
  readonly post: Post;
  /** Takes down what nobody needs any more; asked for once an hour. */
  readonly tidy: () => Promise<Tidied>;
}

/**
 * Laps for ever, as schedule and state machine call them in an account. Errors end no guard: they are told, once each
 * time they change, and the next look tries again.
 * @param watched the environment as mlreg.yaml has it now
 */
export async function guard(options: {
  readonly watched: () => Promise<Guarded>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** After each look: why nobody but a person can roll back; null where that is not so. */
  readonly onAlarm?: (why: string | null) => void;
}): Promise<void> {
  const { clock, signal, say } = options;
  let told = '';
  let tidyAt = later(clock.now(), tidyEveryMs);
  while (!signal.aborted) {
    let next = later(clock.now(), longestMs);
    try {
      const { post, tidy } = await options.watched();
      const result = await lap(post, true);
      const line = lineOf(result);
      if (line !== null && line !== told) say(line);
      told = result.kind === 'cut-off' ? (line ?? '') : '';
      options.onAlarm?.(result.kind === 'cut-off' ? result.alarm : null);
      if ('at' in result && result.at < next) next = result.at;
      if (clock.now() >= tidyAt) {
        tidyAt = later(clock.now(), tidyEveryMs);
        const tidied = tidiedLine(await tidy());
        if (tidied !== null) say(tidied);
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== told) say(`could not look after rollouts: ${message}`);
      told = message;
      options.onAlarm?.(`it could not look after rollouts: ${message}`);
      next = later(clock.now(), afterErrorMs);
    }
    // A clock that was set back meanwhile must not make it wait for as long.
    tidyAt = earlier(tidyAt, later(clock.now(), tidyEveryMs));
    await clock.sleepUntil(earlier(next, later(clock.now(), afterErrorMs)), signal);
  }
}

const earlier = (one: Instant, other: Instant): Instant => (one < other ? one : other);

/** What people want to know of a lap; null for all that is as it was. */
export function lineOf(result: Lap): string | null {
  switch (result.kind) {
    case 'again':
      return result.adopted === null ? null : `took up ${result.rollout}: ${result.adopted}`;
    case 'ended':
      return `${result.rollout} ${result.outcome.kind}`;
    case 'cut-off':
      return result.alarm === null
        ? result.why
        : `ALARM: ${result.alarm}; only a person can roll back now: mlreg rollback. ${result.why}`;
    case 'lost':
      return `left ${result.rollout} to ${result.by}`;
    case 'rest':
    case 'watch':
      return null;
  }
}
