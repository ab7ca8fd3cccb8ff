import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from '../../../bench/judge/random.ts';
import type { Observation, RequestCount } from '../../../src/domain/observation.ts';
import { instant } from '../../../src/domain/units.ts';
import { createJudge } from '../../../src/monitor/judge/judge.ts';
import { createLastWeekRule, weekWindowMs, worstByHour } from '../../../src/monitor/judge/last-week.ts';
import { arm, policyOf, tick } from './traffic.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Midnight, UTC. */
const began = 20_000 * dayMs;
const noon = began + 12 * hourMs;

/** Windows of days before `began`, each with this rate. */
const week = (days: number, rate: (at: number) => number, requests = 6_000) =>
  Array.from({ length: days * 144 }, (_, i) => {
    const at = began - (i + 1) * weekWindowMs;
    return { at: at + weekWindowMs, requests, errors: Math.round(requests * rate(at)) };
  });

const hours = (rate: (at: number) => number, days = 7) => worstByHour(week(days, rate));

/** Ten-second ticks at 100 % from this time on. */
const alone = (
  from: number,
  minutes: number,
  rate: (minute: number) => number,
  perTick = 100,
): Observation[] =>
  Array.from({ length: minutes * 6 }, (_, i) => ({
    at: instant(from + (i + 1) * 10_000),
    tickMs: 10_000,
    plannedPercent: 100,
    champion: null,
    challenger: arm(perTick, Math.round(perTick * rate(Math.floor(i / 6)))),
  }));

const finds = (ticks: readonly Observation[], lastWeek: readonly (RequestCount | null)[]) => {
  const rule = createLastWeekRule(policyOf({ lastWeek }))!;
  return ticks.map((one) => (rule.step(one), rule.exceeded())).find((found) => found !== null) ?? null;
};

describe('the champion’s worst ten minutes by the hour', () => {
  it('is of the hour that they began in, and of the week’s worst day', () => {
    const worst = hours((at) => (at === noon - 3 * dayMs ? 0.05 : 0.01));
    expect(worst).toHaveLength(24);
    expect(worst[12]).toEqual({ requests: 6_000, errors: 300 });
    expect(worst[11]).toEqual({ requests: 6_000, errors: 60 });
  });

  it('is not known from fewer than six days, nor from windows with few requests', () => {
    expect(hours(() => 0.01, 5)).toEqual(Array(24).fill(null));
    expect(hours(() => 0.01, 6)).not.toContain(null);
    expect(worstByHour(week(7, () => 0.1, 49))).toEqual(Array(24).fill(null));
  });
});

describe('with all traffic on the challenger', () => {
  const usual = hours(() => 0.01);

  it('what no hour of the last week showed rolls back after ten minutes, and says both', () => {
    const ticks = alone(noon, 30, () => 0.03);
    const found = finds(ticks, usual);
    expect(found?.sentence).toMatchInlineSnapshot(
      `"180 of 6,000 challenger requests failed in the last ten minutes (3 %); the champion’s worst ten minutes around this time of day in the last seven days had 1 %, which allows 1.1 %"`,
    );
    expect(finds(ticks.slice(0, 59), usual)).toBeNull();
  });

  it.each<[string, Observation[], readonly (RequestCount | null)[]]>([
    ['as much as the margin tolerates', alone(noon, 60, () => 0.01), usual],
    [
      'for five minutes only',
      alone(noon, 60, (minute) => (minute >= 20 && minute < 24 ? 0.06 : 0.01)),
      usual,
    ],
    ['of few requests', alone(noon, 60, () => 0.5, 0), usual],
    ['by chance', alone(noon, 60, (minute) => (minute % 4 === 0 ? 0.5 : 0), 2), hours(() => 0.1)],
    [
      'as a daily peak does',
      alone(noon, 60, () => 0.09),
      hours((at) => (at % dayMs === 12 * hourMs ? 0.09 : 0.01)),
    ],
    [
      'as the hour before it did: summer time began',
      alone(noon, 60, () => 0.09),
      hours((at) => (Math.floor(at / hourMs) % 24 === 11 ? 0.09 : 0.01)),
    ],
    [
      'at an hour that is not known',
      alone(noon, 60, () => 0.3),
      usual.map((one, hour) => (hour === 13 ? null : one)),
    ],
    [
      'beside a champion',
      alone(noon, 60, () => 0.3).map((one) => ({ ...one, plannedPercent: 98, champion: arm(2, 0) })),
      usual,
    ],
  ])('%s is no reason to', (_, ticks, lastWeek) => {
    expect(finds(ticks, lastWeek)).toBeNull();
  });

  it('needs ten minutes anew after a share below 100 %', () => {
    const [first, last] = [alone(noon, 9, () => 0.3), alone(noon + 600_000, 9, () => 0.3)];
    const between = { ...alone(noon + 540_000, 1, () => 0)[0]!, plannedPercent: 50 };
    expect(finds([...first, between, ...last], usual)).toBeNull();
  });

  it('is judged with ticks of an hour, too', () => {
    const one = { ...alone(noon, 1, () => 0.3)[0]!, tickMs: hourMs, at: instant(noon + hourMs) };
    expect(finds([one], usual)).not.toBeNull();
  });
});

describe('a judge that knows the last week', () => {
  const peak = hours((at) => (at % dayMs >= 12 * hourMs && at % dayMs < 13 * hourMs ? 0.04 : 0.005));
  const policy = (lastWeek: readonly (RequestCount | null)[]) =>
    policyOf({ tickMs: 10_000, steps: [{ percent: 100, ticks: 360 }], lastWeek });

  it('neither rolls back nor holds a healthy challenger through a daily peak', () => {
    const judge = createJudge(policy(peak));
    const kinds = alone(noon - 1_200_000, 120, (minute) => (minute >= 20 && minute < 80 ? 0.04 : 0.01)).map(
      (one) => judge.push(one).kind,
    );
    expect(new Set(kinds.slice(60))).toEqual(new Set(['pass']));
  });

  it('fails for what the same hours never showed, below every limit', () => {
    const judge = createJudge(policy(peak));
    const at = alone(noon + 6 * hourMs, 60, () => 0.03).findIndex((one) => judge.push(one).kind === 'fail');
    expect(at).toBe(59);
    expect(judge.failed()?.rule).toBe('errors beyond the same hours of the last seven days');
  });

  it('refuses a week that can’t be', () => {
    for (const lastWeek of [[null], Array(24).fill({ requests: 1, errors: 2 }) as RequestCount[]])
      expect(() => createJudge(policyOf({ lastWeek }))).toThrow(RangeError);
    expect(createJudge(policyOf({ lastWeek: peak })).push(tick(1, arm(10), arm(1))).kind).toBe(
      'insufficient',
    );
  });

  // Error rates that wander by a factor of about two within hours, and triple at noon.
  const wandering = (random: Random) => {
    let log = 0;
    return (at: number): number => {
      log = 0.9 * log + 0.2 * random.normal();
      return 0.005 * Math.exp(log) * (Math.floor(at / hourMs) % 24 === 12 ? 3 : 1);
    };
  };

  it('rolls no healthy challenger back whose rate wanders: 300 simulated weeks', () => {
    let back = 0;
    for (let run = 0; run < 300; run++) {
      const random = createRandom(20_261, run);
      const rate = wandering(random);
      const windows = Array.from({ length: 7 * 144 }, (_, i) => {
        const at = began - 7 * dayMs + i * weekWindowMs;
        const requests = random.poisson(6_000);
        return { at: at + weekWindowMs, requests, errors: random.binomial(requests, Math.min(1, rate(at))) };
      });
      const rule = createLastWeekRule(policyOf({ lastWeek: worstByHour(windows) }))!;
      const from = began + random.uniform() * dayMs;
      let now = rate(from);
      for (let i = 0; i < 60; i++) {
        if (i % 10 === 0) now = rate(from + i * 60_000);
        const requests = random.poisson(600);
        rule.step({
          at: instant(from + (i + 1) * 60_000),
          tickMs: 60_000,
          plannedPercent: 100,
          champion: null,
          challenger: arm(requests, random.binomial(requests, Math.min(1, now))),
        });
        if (rule.exceeded() === null) continue;
        back++;
        break;
      }
    }
    expect(back).toBe(0);
  });
});
