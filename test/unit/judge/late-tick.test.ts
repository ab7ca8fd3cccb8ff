import { describe, expect, it } from 'vitest';
import type { LateTick, Observation } from '../../../src/domain/observation.ts';
import { instant } from '../../../src/domain/units.ts';
import { createJudge } from '../../../src/monitor/judge/judge.ts';
import { policy } from '../monitor/late-metrics.ts';

const count = (requests: number, errors: number) => ({ requests, errors });
const arm = (requests: number, errors: number) => ({ requests, errors, throttles: 0 });
const at = (tick: number) => instant(tick * 10_000);

/** Ticks in which only the champion shows requests; the last of them carries what came late. */
function judged(championErrors: number, late: readonly Omit<LateTick, 'at'>[], over = {}) {
  const judge = createJudge({ ...policy, ...over });
  const ticks = late.length + 1;
  const observations = Array.from(
    { length: ticks },
    (_, i): Observation => ({
      at: at(i + 1),
      tickMs: 10_000,
      plannedPercent: 10,
      champion: arm(900, championErrors),
      challenger: arm(0, 0),
      ...(i === ticks - 1 ? { late: late.map((each, k) => ({ at: at(k + 1), ...each })) } : {}),
    }),
  );
  for (const observation of observations) judge.step(observation);
  return judge.judgement();
}

const of = (
  ticks: number,
  challenger: LateTick['challenger'],
  beside: LateTick['beside'],
  champion: LateTick['champion'] = count(0, 0),
) => Array.from({ length: ticks }, () => ({ plannedPercent: 10, champion, challenger, beside }));

describe('what arrived late', () => {
  it('fails a challenger over the limit, and counts its failed requests', () => {
    const judgement = judged(3, of(20, count(100, 30), count(900, 3)));
    expect(judgement).toMatchObject({ kind: 'fail', challengerRequests: 2_000, harmedRequests: 600 });
  });

  it('blames nobody for an incident in which the champion failed as often', () => {
    // The champion recovered before the challenger's half of the incident was seen.
    expect(judged(3, of(20, count(100, 30), count(900, 270))).kind).toBe('insufficient');
  });

  it('compares arms only where requests of both are new', () => {
    const without = { guardrails: { ...policy.guardrails, errorRate: null } };
    expect(judged(3, of(60, count(100, 30), count(900, 3)), without).kind).toBe('insufficient');
    expect(judged(3, of(60, count(100, 30), count(1_800, 6), count(900, 3)), without).kind).toBe('fail');
  });

  it('passes nothing: a bake is as long as its own ticks', () => {
    expect(judged(3, of(200, count(100, 0), count(900, 3)))).toMatchObject({
      kind: 'insufficient',
      why: 'no requests reached the challenger',
    });
  });

  it.each([
    ['comes after the observation', { at: at(9) }, /late\[0\]\.at/],
    ['has more errors than requests', { challenger: count(1, 2) }, /late\[0\]\.challenger\.errors/],
    ['is no number', { champion: count(NaN, 0) }, /late\[0\]\.champion\.requests/],
  ])('is refused where it %s', (_what, wrong, message) => {
    const [first] = of(1, count(100, 0), null);
    const late = [{ at: at(1), ...first!, ...wrong }];
    const tick = { at: at(2), tickMs: 10_000, plannedPercent: 10, champion: null, challenger: arm(1, 0) };
    expect(() => createJudge(policy).step({ ...tick, late })).toThrow(message);
  });
});
