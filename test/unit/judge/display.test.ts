import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import type { ArmTick, Observation } from '../../../src/domain/observation.ts';
import type { Judgement } from '../../../src/domain/verdict.ts';
import { beforeAfter } from '../../../src/monitor/judge/compare/before-after.ts';
import { judge } from '../../../src/monitor/judge/judge.ts';
import { latencyIntervals } from '../../../src/monitor/judge/evidence/latency-intervals.ts';
import { type Evidence, evidenceText, shortVerdict } from '../../../src/reporting/evidence.ts';
import { instant } from '../../../src/domain/units.ts';
import { arm, edges, policyOf, tick } from './traffic.ts';

const plain = new Chalk({ level: 0 });
const table = (
  count: number,
  champion: ArmTick | null,
  challenger: ArmTick,
  more: Partial<Observation> = {},
) => Array.from({ length: count }, (_, i) => tick(i + 1, champion, challenger, more));

describe('how many more requests would prove it', () => {
  const need = (verdict: Judgement): number | undefined =>
    verdict.kind === 'pass' ? verdict.needRequests : undefined;
  const judged = (ticks: number): Judgement => judge(policyOf(), table(ticks, arm(90, 1), arm(10)));

  it('is said of a pass that is no proof, and comes true', () => {
    const more = need(judged(12))!;
    expect(more).toBeGreaterThan(100);
    const proven = judged(12 + Math.ceil(more / 10) + 3);
    expect(proven).toMatchObject({ kind: 'pass', nonInferior: true });
    expect(need(proven)).toBeUndefined();
  });

  it('is told to people', () => {
    expect(shortVerdict(judged(12), { action: null, failed: 0 })).toMatch(
      /^nothing breached in 120 challenger requests, 0 of them failed; about [\d,]+ more requests would show that it fails no more than the promote margin allows$/,
    );
  });

  it('is not said where no number would do', () => {
    const never = policyOf({ promoteMargin: { ratio: 1, difference: 0, slower: 0 } });
    expect(need(judge(never, table(60, arm(90, 1), arm(10))))).toBeUndefined();
    const alone = policyOf({ steps: [{ percent: 100, ticks: 60 }] });
    const verdict = judge(alone, table(60, null, arm(10), { plannedPercent: 100 }));
    expect([verdict.kind, need(verdict)]).toEqual(['pass', undefined]);
  });
});

describe('where p95 lies', () => {
  // 2 % above 100 ms; and 20 % above it, none above 250 ms.
  const quick = arm(100, 0, { latency: { le: edges, count: [0, 0, 0, 46, 52, 2, 0, 0, 0, 0, 0] } });
  const slow = arm(100, 0, { latency: { le: edges, count: [0, 0, 0, 40, 40, 20, 0, 0, 0, 0, 0] } });

  it('is known better the more requests there are', () => {
    expect(latencyIntervals(policyOf(), table(1, quick, slow))).toEqual({
      champion: { low: 50, high: Infinity },
      challenger: { low: 100, high: Infinity },
    });
    expect(latencyIntervals(policyOf(), table(60, quick, slow))).toEqual({
      champion: { low: 50, high: 100 },
      challenger: { low: 100, high: 250 },
    });
  });

  it('is asked of the ticks that are compared alone, and unknown without', () => {
    const straddling = table(60, quick, slow, { straddlesChange: true });
    expect(latencyIntervals(policyOf(), straddling)).toBeNull();
    expect(latencyIntervals(policyOf({ warmUpMs: 60_000 }), table(60, quick, slow))).toBeNull();
    expect(latencyIntervals(policyOf(), table(60, arm(100), slow))).toBeNull();
    expect(latencyIntervals(policyOf(), [])).toBeNull();
  });

  it('is shown, with an end that the buckets don’t reach', () => {
    const latency = { champion: { low: 50, high: 100 }, challenger: { low: 100, high: Infinity } };
    expect(evidenceText({ ...nothing, latency }, 1000, plain)).toContain(
      "p95 100 ms or more beside the champion's 50 to 100 ms (95 % sure, whenever one looks)",
    );
  });
});

describe('before against after', () => {
  const history = Array.from({ length: 120 }, (_, i) => arm(100, i < 60 ? 50 : 1));
  const policy = policyOf({ history, historyTickMs: 60_000 });
  const after = table(20, null, arm(100, 3), { plannedPercent: 100 });

  it('takes the champion’s last hour, chance and margin included', () => {
    const found = beforeAfter(policy, after)!;
    expect(found).toMatchObject({ champion: 0.01, challenger: 0.03 });
    expect(found.limit).toBeGreaterThan(0.012);
    expect(found.limit).toBeLessThan(0.02);
  });

  it('takes the rollout’s own ticks before the history, and the challenger’s once it is alone', () => {
    const beside = Array.from({ length: 3600 }, (_, i) => tick(i + 1, arm(50, 1), arm(50, 25)));
    const alone = after.map((one, i) => ({ ...one, at: instant(3_600_000 + (i + 1) * 1000) }));
    expect(beforeAfter(policy, [...beside, ...alone])).toMatchObject({ champion: 0.02, challenger: 0.03 });
  });

  it('is nothing while the champion has traffic, nor without one', () => {
    expect(beforeAfter(policy, table(20, arm(90), arm(10)))).toBeNull();
    expect(beforeAfter(policy, table(20, null, arm(10)))).toBeNull();
    expect(beforeAfter(policyOf(), after)).toBeNull();
    expect(beforeAfter(policy, [])).toBeNull();
  });

  it('says that it decides nothing', () => {
    const before = beforeAfter(policy, after)!;
    expect(evidenceText({ ...nothing, before }, 1000, plain)).toMatch(
      /3 % failed with all traffic on the challenger, 1 % in the champion's last hour: more than the 1\.\d+ % that chance and the margin explain \(before against after: decides nothing\)/,
    );
  });
});

const nothing: Evidence = {
  verdict: 'pass',
  action: 'none',
  at: instant(0),
  sentence: '',
  finding: null,
  together: null,
  window: null,
  errors: null,
  latency: null,
  before: null,
  source: null,
  challengerRequests: 0,
  harmedRequests: 0,
  next: [],
};
