import { describe, expect, it } from 'vitest';
import { instant } from '../../../src/domain/units.ts';
import {
  heardNow,
  joined,
  living,
  seenOfLate,
  type Waiter,
  waiterSilenceMs,
} from '../../../src/domain/waiters.ts';
import { waitersOf, waitersText } from '../../../src/domain/waiters-text.ts';

const waiter = (id: string, since: number, seenAt = since): Waiter => ({
  id,
  by: 'ana',
  host: 'laptop',
  version: 'v1',
  since: instant(since),
  seenAt: instant(seenAt),
});
const ids = (waiters: readonly Waiter[]): readonly string[] => waiters.map(({ id }) => id);
const [a, b, c] = [waiter('a', 10), waiter('b', 20), waiter('c', 20)];

describe('deploys that wait', () => {
  it('stand in the order in which they came', () => {
    expect(ids(living([c, b, a], new Map(), instant(100)))).toEqual(['a', 'b', 'c']);
    expect(ids(living(joined([a, b], { ...a, seenAt: instant(99) }), new Map(), instant(100)))).toEqual([
      'a',
      'b',
    ]);
  });

  it('block nobody once they are silent, on the clock of whoever looks', () => {
    const first = heardNow(new Map(), [a, b], instant(1_000));
    const soon = instant(1_000 + waiterSilenceMs - 1);
    const late = instant(1_000 + waiterSilenceMs);
    expect(ids(living([a, b], heardNow(first, [a, b], soon), soon))).toEqual(['a', 'b']);
    const beaten = { ...b, seenAt: instant(21) };
    expect(ids(living([a, beaten], heardNow(first, [a, beaten], late), late))).toEqual(['b']);
  });

  it('grow no older by a clock that is set back', () => {
    const first = heardNow(new Map(), [a], instant(1_000_000));
    expect(ids(living([a], heardNow(first, [a], instant(5)), instant(5)))).toEqual(['a']);
  });

  it('are shown where they were seen of late', () => {
    expect(ids(seenOfLate([a, waiter('d', 5, 99_000)], instant(100_000)))).toEqual(['d']);
  });

  it('are kept as text, and what is none is left out', () => {
    expect(waitersOf(waitersText([a, b]))).toEqual([a, b]);
    for (const text of [undefined, '', '{', '{}', 'null', '[1, null, {}, {"id":"x","since":"y"}]'])
      expect(waitersOf(text)).toEqual([]);
  });
});
