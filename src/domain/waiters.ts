import type { Instant } from './units.ts';

/** A deploy that waits for its turn. */
export interface Waiter {
  readonly id: string;
  readonly by: string;
  readonly host: string;
  readonly version: string;
  /** When it came, by its own clock: the order. */
  readonly since: Instant;
  /** When it last showed that it lives, by its own clock. */
  readonly seenAt: Instant;
}

/** What somebody saw of the others, on a clock of their own. */
export type Heard = ReadonlyMap<string, { readonly seenAt: Instant; readonly at: Instant }>;

/** Silent for longer, a waiter is dead, and blocks nobody. It beats every few seconds. */
export const waiterSilenceMs = 30_000;

/** A clock that was set back must not make anybody older. */
export function heardNow(before: Heard, waiters: readonly Waiter[], now: Instant): Heard {
  return new Map(
    waiters.map(({ id, seenAt }) => {
      const known = before.get(id);
      return [id, known?.seenAt === seenAt && known.at <= now ? known : { seenAt, at: now }];
    }),
  );
}

/** Those who live, in the order in which they came. */
export const living = (waiters: readonly Waiter[], heard: Heard, now: Instant): readonly Waiter[] =>
  waiters
    .filter(({ id }) => now - (heard.get(id)?.at ?? now) < waiterSilenceMs)
    .sort((a, b) => a.since - b.since || (a.id < b.id ? -1 : 1));

/** For whoever looks once: those who were seen of late, as far as clocks agree. */
export const seenOfLate = (waiters: readonly Waiter[], now: Instant): readonly Waiter[] =>
  living(
    waiters.filter(({ seenAt }) => Math.abs(now - seenAt) < 2 * waiterSilenceMs),
    new Map(),
    now,
  );

/** The list with this waiter as it is now: who was lost when two wrote at once comes back with the next beat. */
export const joined = (waiters: readonly Waiter[], me: Waiter): readonly Waiter[] => [
  ...waiters.filter(({ id }) => id !== me.id),
  me,
];
