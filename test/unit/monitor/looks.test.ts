import { describe, expect, it } from 'vitest';
import { createLooks, type Looks } from '../../../src/monitor/finality.ts';
import { forgetAhead } from '../../../src/monitor/looks.ts';
import { instant } from '../../../src/domain/units.ts';

const now = 1_750_000_000_000;
const hour = 3_600_000;

/** What a process saw at that time by its own clock. */
function seenAt(at: number): Looks {
  return {
    ...createLooks(),
    marks: new Map([[at - 10_000, { mark: '1,0,0,1,/', since: at }]]),
    late: new Map([[at - 60_000, { mark: '2,0,0,2,/', since: at }]]),
    lateReadAt: at,
    lookedAt: at,
    provenUntil: at,
    probe: { at, sent: { kind: 'sent', at: instant(at) } },
  };
}

describe('what was seen at a time that has not come yet', () => {
  it.each([
    ['an hour ahead', hour],
    ['a day ahead', 24 * hour],
    ['6 s ahead', 6_000],
  ])('is forgotten: %s', (_, by) => {
    const looks = seenAt(now + by);
    forgetAhead(looks, now);
    expect(looks).toEqual(createLooks());
  });

  it.each([
    ['just now', 0],
    ['a minute ago', -60_000],
    ['within what clocks may differ', 4_000],
  ])('is kept where it was seen %s', (_, by) => {
    const looks = seenAt(now + by);
    forgetAhead(looks, now);
    expect(looks).toEqual(seenAt(now + by));
  });

  it('is forgotten tick by tick', () => {
    const looks = seenAt(now - 1_000);
    looks.marks.set(now + hour, { mark: '/', since: now + hour });
    forgetAhead(looks, now);
    expect([...looks.marks.keys()]).toEqual([now - 11_000]);
  });

  it.each(['the request', 'its answer'])(
    'a test request that is dated ahead by %s is sent again',
    (which) => {
      const looks = seenAt(now);
      const ahead = instant(now + hour);
      looks.probe =
        which === 'the request'
          ? { at: ahead, sent: { kind: 'failed', why: 'no answer', denied: false } }
          : { at: now, sent: { kind: 'sent', at: ahead } };
      forgetAhead(looks, now);
      expect(looks.probe).toBeUndefined();
    },
  );
});
