import { instant } from './units.ts';
import type { Waiter } from './waiters.ts';

export const waitersText = (waiters: readonly Waiter[]): string => JSON.stringify(waiters);

/** Whatever is not a waiter is left out: nothing is decided by it but an order. */
export function waitersOf(text: unknown): readonly Waiter[] {
  let found: unknown;
  try {
    found = typeof text === 'string' ? JSON.parse(text) : null;
  } catch {
    return [];
  }
  if (!Array.isArray(found)) return [];
  return found.flatMap((each: unknown) => {
    if (typeof each !== 'object' || each === null) return [];
    const { id, by, host, version, since, seenAt } = each as Record<string, unknown>;
    const texts = [id, by, host, version];
    if (!texts.every((value) => typeof value === 'string' && value.length <= 200)) return [];
    if (typeof since !== 'number' || typeof seenAt !== 'number') return [];
    return [{ id, by, host, version, since: instant(since), seenAt: instant(seenAt) } as Waiter];
  });
}
