import { describe, expect, it } from 'vitest';
import { instant } from '../../../src/domain/units.ts';
import { createJudge } from '../../../src/monitor/judge/judge.ts';
import { totalFailure } from '../../../src/monitor/total-failure.ts';
import { afterLag, follow, nothing, policy, start } from './late-metrics.ts';

describe('a challenger that fails 100 % of requests', () => {
  it.each([
    ['at once', 0, 20],
    ['just within settle', 110_000, 130],
    ['just after settle', 125_000, 150],
    ['after ten minutes', 600_000, 620],
    ['after fourteen minutes', 840_000, 860],
    ['sooner for the champion', { champion: 0, challenger: 600_000 }, 620],
    ['sooner for the challenger', { champion: 600_000, challenger: 0 }, 620],
  ] as const)('is rolled back when its metrics arrive %s', async (_name, lag, latest) => {
    const { rolledBackAfter, why } = await follow(afterLag(lag));
    expect(why).toMatch(/challenger requests failed/);
    expect(rolledBackAfter).toBeLessThanOrEqual(latest);
  });

  it('is rolled back by settled metrics where each look is made by a new process', async () => {
    const { rolledBackAfter } = await follow(afterLag(600_000), { forgets: true });
    expect(rolledBackAfter).toBeLessThanOrEqual(1_000);
  });

  it('was never found before metrics were read again', async () => {
    expect(await follow(afterLag(125_000), { horizonMs: null })).toMatchObject({
      rolledBackAfter: null,
    });
  });
});

describe('ticks enter the evidence', () => {
  const whole = (lag: Parameters<typeof afterLag>[0]) => follow(afterLag(lag, 0), { forSeconds: 1_500 });

  it('once, in order, whole, whatever the lag', async () => {
    const prompt = await whole(0);
    for (const lag of [60_000, 300_000, { champion: 0, challenger: 400_000 }] as const) {
      const late = await whole(lag);
      expect(late.observed).toEqual(prompt.observed.slice(0, late.observed.length));
      expect(late.observed.length).toBeGreaterThan(80);
      expect(late.rolledBackAfter).toBeNull();
    }
  });

  it('as soon as they have settled where nothing is late', async () => {
    const { observed } = await whole(0);
    expect(observed.at(-1)?.at).toBe(start + 1_380_000);
  });

  it('after their last change where a point arrives in pieces', async () => {
    const pieces = (arm: 'champion' | 'challenger', at: number, now: number) => {
      const all = afterLag(0, 2)(arm, at, now);
      // Failed requests are the last to be seen.
      return at + 100_000 > now ? { ...all, requests: all.requests - all.errors, errors: 0 } : all;
    };
    const { observed } = await follow(pieces, { forSeconds: 600 });
    expect(observed.length).toBeGreaterThan(5);
    expect(
      observed.every(({ champion, challenger }) => champion?.errors === 3 && challenger?.errors === 2),
    ).toBe(true);
  });

  it('at the horizon as they are where an arm never shows anything', async () => {
    const { observed, judgement } = await follow(
      (arm, at, now) => (arm === 'challenger' ? nothing : afterLag(0)(arm, at, now)),
      { forSeconds: 1_000 },
    );
    expect(observed.map(({ at }) => at)).toEqual(
      Array.from({ length: 10 }, (_, i) => start + (i + 1) * 10_000),
    );
    expect(judgement.kind).toBe('insufficient');
  });

  it('with little traffic: a silent tick is final once a later one of its arm has settled', async () => {
    const { observed } = await follow(
      (arm, at, now) => {
        const seen = afterLag(0, 0)(arm, at, now);
        return arm === 'challenger' && (at / 10_000) % 6 !== 0
          ? nothing
          : { ...seen, requests: 5, errors: 0 };
      },
      { forSeconds: 600 },
    );
    expect(observed.length).toBeGreaterThanOrEqual(42);
  });
});

describe('provisional ticks', () => {
  const tick = (challenger: [number, number], champion: [number, number] | null, at = 10_000) => ({
    at: instant(start + at),
    tickMs: 10_000,
    plannedPercent: 10,
    champion: champion && { requests: champion[0], errors: champion[1], throttles: 0 },
    challenger: { requests: challenger[0], errors: challenger[1], throttles: 0 },
  });
  const twice = (...args: Parameters<typeof tick>) => [tick(...args), tick(args[0], args[1], 20_000)];
  const users = { aside: [], earlier: null, slowerThanMs: null };
  const strata = (failing: number) => ({
    requests: Array.from({ length: 16 }, () => 5),
    errors: Array.from({ length: 16 }, (_, i) => (i < failing ? 5 : 0)),
  });

  it.each([
    ['total failure', twice([50, 50], [450, 2]), policy, true],
    ['one tick alone', [tick([50, 50], [450, 2])], policy, false],
    ['few requests', twice([9, 9], [90, 0]), policy, false],
    ['most, but not all, requests fail', twice([50, 40], [450, 2]), policy, false],
    ['the champion fails as well', twice([50, 50], [450, 300]), policy, false],
    ['the champion shows nothing yet', twice([50, 50], [0, 0]), policy, false],
    ['nobody beside the challenger', twice([50, 50], null), policy, true],
    [
      'the champion fails, limits are absolute',
      twice([50, 50], [450, 300]),
      { ...policy, scope: 'absolute' as const },
      true,
    ],
    [
      'users are compared, and nobody knows how many fail',
      twice([50, 50], [450, 2]),
      { ...policy, users },
      false,
    ],
    ...[7, 8].map(
      (failing) =>
        [
          `users are compared, ${failing} strata fail`,
          twice([50, 50], [450, 2]).map((each) => ({
            ...each,
            challenger: { ...each.challenger, strata: strata(failing) },
          })),
          { ...policy, users },
          failing === 8,
        ] as const,
    ),
  ] as const)('%s', (_name, ticks, given, fails) => {
    expect(totalFailure(given, ticks) !== null).toBe(fails);
  });

  it('never reach the judge', async () => {
    const { observed, rolledBackAfter } = await follow(
      (arm, at, now) => {
        const seen = afterLag(0, 0)(arm, at, now);
        // Until it settles, half the challenger's requests look failed.
        return arm === 'challenger' && now - at < 60_000
          ? { ...seen, errors: Math.floor(seen.requests / 2) }
          : seen;
      },
      { forSeconds: 900 },
    );
    expect(rolledBackAfter).toBeNull();
    const judge = createJudge(policy);
    for (const each of observed) judge.step(each);
    expect(judge.judgement().kind).not.toBe('fail');
  });
});
