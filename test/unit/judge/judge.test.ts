import { describe, expect, it } from 'vitest';
import type { ArmTick, Observation } from '../../../src/domain/observation.ts';
import type { Judgement } from '../../../src/domain/verdict.ts';
import type { JudgePolicy } from '../../../src/domain/policy.ts';
import { createJudge, judge } from '../../../src/monitor/judge/judge.ts';
import { arm, edges, policyOf, tick } from './traffic.ts';

type Pair = readonly [ArmTick | null, ArmTick | null];

function table(count: number, of: Pair | ((n: number) => Pair), more: Partial<Observation> = {}) {
  return Array.from({ length: count }, (_, i) => {
    const [champion, challenger] = typeof of === 'function' ? of(i + 1) : of;
    return tick(i + 1, champion, challenger, more);
  });
}

const why = (verdict: Judgement): string => (verdict.kind === 'insufficient' ? verdict.why : verdict.kind);
const alone = policyOf({ steps: [{ percent: 100, ticks: 60 }] });

describe('too little to say', () => {
  it('says so of no observations and of no traffic', () => {
    expect(why(judge(policyOf(), []))).toBe('no requests reached the challenger');
    expect(why(judge(policyOf(), table(100, [arm(50), arm(0)])))).toBe('no requests reached the challenger');
    expect(why(judge(alone, table(100, [null, arm(0)])))).toBe('no requests reached the challenger');
  });

  it('never fails on three requests, all of which failed', () => {
    for (const policy of [policyOf(), alone]) {
      const percent = policy.steps[0]!.percent;
      const verdict = judge(policy, table(1, [arm(30), arm(3, 3)], { plannedPercent: percent }));
      expect(verdict.kind).toBe('insufficient');
    }
  });

  it('waits for the least ticks, then for the least time, then for requests', () => {
    const policy = policyOf({ minimumTicks: 3, minimumBakeMs: 5000 });
    expect(why(judge(policy, table(2, [arm(90), arm(10)])))).toBe('2 of at least 3 ticks at this share');
    expect(why(judge(policy, table(4, [arm(90), arm(10)])))).toBe('4 of at least 5 seconds at this share');
    const verdict = judge(policy, table(5, [arm(90), arm(10)]));
    expect(why(verdict)).toMatch(
      /^too few requests to show errors 5 times the champion’s or to rule out .* of 5 %/,
    );
    expect(verdict.kind === 'insufficient' && verdict.needRequests).toBeGreaterThanOrEqual(9);
    expect(verdict.kind === 'insufficient' && verdict.needRequests).toBeLessThan(15);
    expect(judge(policy, table(6, [arm(90), arm(10)])).kind).toBe('pass');
  });

  it('waits for a champion whose requests nobody sees, however well the challenger does', () => {
    const verdict = judge(policyOf(), table(30, [arm(0), arm(1000)]));
    expect(why(verdict)).toBe('no requests of the champion were seen');
    expect(judge(policyOf(), table(30, [null, arm(1000)])).kind).toBe('pass');
    expect(judge(alone, table(30, [arm(0), arm(1000)], { plannedPercent: 100 })).kind).toBe('pass');
  });

  it('starts afresh at each share', () => {
    const first = table(10, [arm(90), arm(10)]);
    const second = tick(11, arm(50), arm(50), { plannedPercent: 50 });
    const policy = policyOf({ steps: [10, 50].map((percent) => ({ percent, ticks: 10 })) });
    expect(judge(policy, first).kind).toBe('pass');
    expect(why(judge(policy, [...first, second]))).toBe('1 of at least 3 ticks at this share');
  });

  const quick = { le: edges, count: [0, 0, 0, 2, 3, 3, 1, 1, 0, 0, 0] };
  const inTen = { latency: quick };
  const nine = { latency: { le: edges, count: quick.count.map((n) => n * 9) } };
  const policy = policyOf({ detectableSlower: 2 });

  it('waits for power over latency as well, where the arms report it', () => {
    const timed = (ticks: number): Judgement =>
      judge(policy, table(ticks, [arm(90, 0, nine), arm(10, 0, inTen)]));
    expect(judge(policy, table(6, [arm(90), arm(10)])).kind).toBe('pass');
    const verdict = timed(6);
    expect(why(verdict)).toBe(
      'too few requests to show a latency 2 times the champion’s (60 requests compared at this share)',
    );
    const need = verdict.kind === 'insufficient' ? (verdict.needRequests ?? 0) : 0;
    expect(need).toBeGreaterThan(10);
    expect(timed(6 + Math.ceil(need / 10) + 1).kind).toBe('pass');
  });

  it('and by means, where only they are known', () => {
    const one = (ticks: number): Judgement =>
      judge(policy, table(ticks, [arm(90, 0, { meanLatencyMs: 50 }), arm(10, 0, { meanLatencyMs: 50 })]));
    expect(one(6).kind).toBe('pass');
    const scarce = judge(
      policyOf({ detectableSlower: 1.12 }),
      table(6, [arm(90, 0, { meanLatencyMs: 50 }), arm(10, 0, { meanLatencyMs: 50 })]),
    );
    expect(why(scarce)).toMatch(/^too few requests to show a latency 1\.1 times the champion’s/);
  });

  it('asks for no power over the latency of a challenger that is cold', () => {
    const cold = policyOf({ detectableSlower: 2, warmUpMs: 60_000 });
    expect(judge(cold, table(6, [arm(90, 0, nine), arm(10, 0, inTen)])).kind).toBe('pass');
  });

  it('does not go on over a limit, however likely by chance', () => {
    const slow = { meanLatencyMs: 1200 };
    const verdict = judge(policyOf(), table(8, [arm(90), arm(10, 0, slow)]));
    expect(why(verdict)).toBe(
      'challenger 1,200 ms mean latency at this share, over the limit of 1,000 ms; it may be chance yet',
    );
  });
});

describe('a champion that has no traffic of its own', () => {
  it('leaves the guardrails, and no comparison', () => {
    const verdict = judge(alone, table(20, [null, arm(10)], { plannedPercent: 100 }));
    expect(verdict.kind).toBe('pass');
    expect(verdict.kind === 'pass' && verdict.nonInferior).toBe(false);
    expect(verdict.findings.map((finding) => finding.rule)).toEqual(
      expect.arrayContaining(['error rate > 5 %', 'throttle rate > 10 %']),
    );
    expect(verdict.findings.every((finding) => finding.championRequests === 0)).toBe(true);
  });

  it('fails on its own', () => {
    const verdict = judge(alone, table(4, [null, arm(10, 10)], { plannedPercent: 100 }));
    expect(verdict.kind === 'fail' && verdict.reason.rule).toBe('error rate > 5 %');
    expect(verdict.kind === 'fail' && verdict.reason.sentence).toMatch(
      /^\d0 of \d0 challenger requests failed \(100 %\), limit 5 %\. Odds of this by chance: 1 in [\d,]+\.$/,
    );
  });
});

describe('ticks of the champion alone', () => {
  it('are history', () => {
    const before = table(30, (n) => [arm(100, n % 3), null]);
    const after = table(3, [arm(90, 1), arm(10, 1)]).map((one, i) => ({ ...one, at: before[i]!.at }));
    const later = after.map((one, i) => tick(31 + i, one.champion, one.challenger));
    const history = before.map((one) => one.champion!);
    const live = judge(policyOf(), [...before, ...later]);
    const given = judge(policyOf({ history }), later);
    expect(live.findings).toEqual(given.findings);
  });
});

describe('a rollback', () => {
  it('tells both sides’ numbers and the chance', () => {
    const verdict = judge(policyOf(), table(60, [arm(93, 1), arm(10, 1)]));
    if (verdict.kind !== 'fail') throw new Error(why(verdict));
    expect(verdict.reason).toMatchObject({
      metric: 'errors',
      rule: 'errors against champion',
      unit: 'share',
    });
    expect(verdict.reason.sentence).toMatch(
      /^\d+ of \d+0 challenger requests failed \(10 %\), champion \d+ of \d+ \(1\.1 %\)\. Odds of this by chance: 1 in [\d,]+\.$/,
    );
    expect(verdict.findings.length).toBeGreaterThan(3);
  });

  it('stays, with its reason, whatever comes after', () => {
    const bad = table(10, [arm(90), arm(10, 10)]);
    const good = table(50, [arm(90), arm(10)]).map((one, i) => tick(11 + i, one.champion, one.challenger));
    const first = judge(policyOf(), bad);
    const later = judge(policyOf(), [...bad, ...good]);
    expect(first.kind === 'fail' && later.kind === 'fail' && later.reason).toEqual(
      first.kind === 'fail' && first.reason,
    );
  });

  it('takes two ticks at least', () => {
    const verdict = judge(policyOf(), table(1, [arm(9000), arm(1000, 1000)]));
    expect(verdict.kind).toBe('insufficient');
    expect(judge(policyOf(), table(2, [arm(9000), arm(1000, 1000)])).kind).toBe('fail');
  });

  it('counts what the trial has cost', () => {
    const latency = { le: edges, count: [0, 0, 0, 4, 0, 0, 0, 0, 3, 1, 1] };
    const verdict = judge(policyOf(), table(1, [arm(90), arm(10, 1, { latency })]));
    expect(verdict).toMatchObject({ challengerRequests: 10, harmedRequests: 6 });
  });

  it.each(['robust', 'independent'] as const)('may come from a planned look, with %s noise', (noise) => {
    const history = Array.from({ length: 30 }, (_, i) => arm(1000, 8 + (i % 5)));
    const policy = policyOf({ noise, history, steps: [{ percent: 50, ticks: 120 }] });
    const worse = (n: number): Pair => [
      arm(500, 4 + (n % 3)),
      arm(500, noise === 'robust' ? 7 + (n % 4) : 6 + (n % 3)),
    ];
    const verdict = judge(policy, table(120, worse, { plannedPercent: 50 }));
    if (verdict.kind !== 'fail') throw new Error(why(verdict));
    expect(verdict.reason.rule).toBe('errors against champion, planned look');
    expect(verdict.reason.evidence).toBeGreaterThanOrEqual(verdict.reason.threshold);
  });
});

describe('each rule', () => {
  const fine = arm(90, 0, { meanLatencyMs: 50, endpointErrors: 0 });
  const cases: [string, JudgePolicy, Pair][] = [
    [
      'throttles against champion',
      policyOf(),
      [arm(900, 0, { throttles: 9 }), arm(100, 0, { throttles: 8 })],
    ],
    ['errors against champion', policyOf(), [arm(900, 2), arm(100, 4)]],
    ['error rate > 5 %', alone, [null, arm(100, 20)]],
    ['throttle rate > 10 %', alone, [null, arm(100, 0, { throttles: 60 })]],
    ['throttle rate > 10 %', alone, [null, arm(0, 0, { throttles: 60 })]],
    ['mean latency > 1,000 ms', alone, [null, arm(10, 0, { meanLatencyMs: 3000 })]],
    ['endpoint errors > 10 a minute', alone, [null, arm(10, 0, { endpointErrors: 1 })]],
    ['mean latency against champion', policyOf(), [fine, arm(10, 0, { meanLatencyMs: 250 })]],
  ];
  it.each(cases)('%s rolls back', (rule, policy, pair) => {
    const percent = policy.steps[0]!.percent;
    const verdict = judge(policy, table(60, pair, { plannedPercent: percent }));
    expect(verdict.kind === 'fail' && verdict.reason.rule).toBe(rule);
  });

  it('a service that always takes as long, and its challenger twice', () => {
    const inBucket = (index: number, n: number): Partial<ArmTick> => ({
      latency: { le: edges, count: edges.map((_, i) => (i === index ? n : 0)).concat(0) },
    });
    const same: Pair = [arm(90, 0, inBucket(2, 90)), arm(10, 0, inBucket(2, 10))];
    const twice: Pair = [same[0], arm(10, 0, inBucket(3, 10))];
    const verdict = judge(policyOf({ detectableSlower: 2 }), table(20, twice));
    expect(verdict.kind === 'fail' && verdict.reason.rule).toMatch(/^p\d\d latency against champion/);
    expect(judge(policyOf({ detectableSlower: 2 }), table(20, same)).kind).toBe('pass');
  });

  it('slow requests by histogram', () => {
    const quick = { le: edges, count: [0, 0, 9, 9, 2, 0, 0, 0, 0, 0, 0] };
    const slow = { le: edges, count: [0, 0, 0, 0, 9, 9, 2, 0, 0, 0, 0] };
    const pair: Pair = [arm(20, 0, { latency: quick }), arm(20, 0, { latency: slow })];
    const verdict = judge(policyOf(), table(60, pair, { plannedPercent: 50 }));
    if (verdict.kind !== 'fail') throw new Error(why(verdict));
    expect(verdict.reason.rule).toMatch(/^p\d\d latency against champion$/);
    expect(verdict.reason.sentence).toMatch(
      /^p\d\d \d+ ms, champion \d+ ms, over \d+ challenger requests\. Odds of this by chance: 1 in [\d,]+\.$/,
    );
    expect(judge(policyOf(), table(60, [pair[0], pair[0]], { plannedPercent: 50 })).kind).toBe('pass');
  });

  it.each(['robust', 'independent'] as const)('finds five times the errors with %s noise', (noise) => {
    const policy = policyOf({ noise });
    expect(judge(policy, table(60, [arm(900, 9), arm(100, 5)])).kind).toBe('fail');
    expect(judge(policy, table(60, [arm(900, 9), arm(100, 1)])).kind).toBe('pass');
  });

  it('null switches a guardrail off', () => {
    const none = { errorRate: null, meanLatencyMs: null, endpointErrorsPerMinute: null, throttleRate: null };
    const policy = policyOf({ guardrails: none, steps: alone.steps });
    const verdict = judge(policy, table(20, [null, arm(10, 10)], { plannedPercent: 100 }));
    expect(verdict).toMatchObject({ kind: 'pass', findings: [], harmedRequests: 200 });
  });
});

describe('the literal alarm', () => {
  const alarm = { m: 5, of: 5 };
  const guardrails = { ...policyOf().guardrails, alarm };
  const minutes = (count: number, pair: Pair, more: Partial<JudgePolicy> = {}): Judgement =>
    // So that nothing but the alarm decides.
    judge(policyOf({ alpha: 1e-9, guardrails, ...more }), table(count, pair, { tickMs: 20_000 }));

  it('rings after M of N minutes, and says so', () => {
    const bad: Pair = [arm(900, 9), arm(100, 7)];
    expect(minutes(14, bad).kind).not.toBe('fail');
    const verdict = minutes(15, bad);
    if (verdict.kind !== 'fail') throw new Error(why(verdict));
    expect(verdict.reason.rule).toBe('error rate > 5 % in 5 of 5 minutes');
    expect(verdict.reason.sentence).toBe(
      'challenger 7 % errors, over the limit of 5 % in 5 of the last 5 minutes (105 of 1,500 requests failed)',
    );
    expect(verdict.reason.evidence).toBeGreaterThanOrEqual(verdict.reason.threshold);
    const without = { guardrails: policyOf().guardrails };
    expect(minutes(15, bad, without).kind).not.toBe('fail');
  });

  it.each<[string, Pair]>([
    ['one that chance explains', [arm(900, 9), arm(100, 6)]],
    ['one that the champion shares', [arm(900, 90), arm(100, 10)]],
    ['none', [arm(900, 9), arm(100, 1)]],
  ])('keeps silent for %s', (_, pair) => {
    expect(minutes(15, pair).kind).not.toBe('fail');
  });

  it('is refused where M is above N', () => {
    const wrong = { guardrails: { ...guardrails, alarm: { m: 6, of: 5 } } };
    expect(() => judge(policyOf(wrong), [])).toThrow(/^guardrails.alarm: 6 of 5/);
  });
});

describe('a limit that the champion breaches too', () => {
  const cases: [string, Pair][] = [
    ['error rate > 5 %', [arm(90, 18), arm(10, 2)]],
    ['throttle rate > 10 %', [arm(90, 0, { throttles: 30 }), arm(10, 0, { throttles: 3 })]],
    ['mean latency > 1,000 ms', [arm(90, 0, { meanLatencyMs: 3000 }), arm(10, 0, { meanLatencyMs: 3000 })]],
    [
      'endpoint errors > 10 a minute',
      [arm(90, 0, { endpointErrors: 18 }), arm(10, 0, { endpointErrors: 2 })],
    ],
  ];
  it.each(cases)('is an incident: %s', (rule, pair) => {
    const verdict = judge(policyOf(), table(60, pair));
    expect(verdict.kind).toBe('insufficient');
    expect(verdict.incident).toMatchObject({ rule });
    expect(why(verdict)).toMatch(/^incident: both arms breach the limit of /);
  });

  it.each(cases)('is the challenger’s all the same in absolute scope: %s', (rule, pair) => {
    const verdict = judge(policyOf({ scope: 'absolute' }), table(60, pair));
    expect(verdict.incident).toBeUndefined();
    expect(verdict.kind === 'fail' && verdict.reason.rule).toBe(rule);
  });

  it('is over when it is over', () => {
    const during = table(10, cases[0]![1]);
    const after = table(8, [arm(90), arm(10)]).map((one, i) => tick(11 + i, one.champion, one.challenger));
    expect(judge(policyOf(), [...during, ...after]).incident).toBeUndefined();
  });
});

describe('tolerance', () => {
  it('of latency: a challenger as slow as allowed stays', () => {
    const le = Array.from({ length: 20 }, (_, i) => 10 * 1.05 ** i);
    const hill = (at: number) => [0, ...le].map((_, i) => Math.max(0, 12 - 3 * Math.abs(i - at)));
    const pair: Pair = [
      arm(60, 0, { latency: { le, count: hill(6) } }),
      arm(60, 0, { latency: { le, count: hill(9) } }),
    ];
    const margin = policyOf().rollbackMargin;
    const judged = (slower: number) =>
      judge(policyOf({ rollbackMargin: { ...margin, slower } }), table(60, pair, { plannedPercent: 50 }))
        .kind;
    expect([0, 0.05, 0.2].map(judged)).toEqual(['fail', 'fail', 'pass']);
  });

  it('of errors: sharpened by the champion’s ticks that aren’t compared', () => {
    const compared = (n: number) => tick(n, arm(90), arm(10, 1));
    const between = (errors: number) => tick(6, arm(5000, errors), arm(10), { straddlesChange: true });
    const evidence = (errors: number) => {
      const before = [1, 2, 3, 4, 5].map(compared);
      const verdict = judge(policyOf(), [...before, between(errors), ...[7, 8, 9].map(compared)]);
      return verdict.findings.find((finding) => finding.rule === 'errors against champion')!.evidence;
    };
    // No failure in 5,000 more requests makes 0.02 points of difference a large ratio to tolerate.
    expect(evidence(0)).toBeLessThan(evidence(100));
  });
});

describe('promotion', () => {
  it('needs proof for errors and latency', () => {
    const latency = { le: edges, count: [0, 100, 500, 350, 40, 10, 0, 0, 0, 0, 0] };
    const faster = { le: edges, count: [0, 400, 500, 80, 15, 5, 0, 0, 0, 0, 0] };
    const pair: Pair = [arm(1000, 3, { latency }), arm(1000, 2, { latency: faster })];
    const proven = judge(policyOf(), table(60, pair, { plannedPercent: 50 }));
    expect(proven.kind === 'pass' && proven.nonInferior).toBe(true);
    const small: Pair = [arm(100, 1, { latency }), arm(100, 1, { latency })];
    const unproven = judge(policyOf(), table(10, small, { plannedPercent: 50 }));
    expect(unproven.kind === 'pass' && unproven.nonInferior).toBe(false);
  });
});

describe('what is not compared', () => {
  it('is the tick in which the share changed', () => {
    const odd = { straddlesChange: true };
    const verdict = judge(policyOf(), table(30, [arm(90), arm(10, 1)], odd));
    expect(verdict.findings.map((finding) => finding.rule)).not.toContain('errors against champion');
    expect(verdict.findings.map((finding) => finding.rule)).toContain('error rate > 5 %');
  });

  it('is the latency of a challenger that is still cold', () => {
    const pair: Pair = [arm(90, 0, { meanLatencyMs: 50 }), arm(10, 0, { meanLatencyMs: 400 })];
    expect(judge(policyOf({ warmUpMs: 0 }), table(40, pair)).kind).toBe('fail');
    expect(judge(policyOf({ warmUpMs: 30_000 }), table(32, pair)).kind).not.toBe('fail');
    expect(judge(policyOf({ warmUpMs: 30_000 }), table(80, pair)).kind).toBe('fail');
  });
});

describe('the split', () => {
  it('is told when it is off, rolls nothing back and passes nothing', () => {
    const verdict = judge(policyOf(), table(60, [arm(98), arm(2)]));
    expect(verdict.kind).toBe('insufficient');
    const [strongest] = verdict.findings;
    expect(strongest).toMatchObject({ metric: 'sample-ratio', threshold: 1e4, limit: 0.1 });
    expect(strongest!.evidence).toBeGreaterThan(1e4);
  });
});

describe('refusals', () => {
  const pair: Pair = [arm(90), arm(10)];
  const le = [1, 2];
  const arms: [string, ArmTick][] = [
    ['requests', arm(NaN)],
    ['requests', arm(-1)],
    ['requests', arm(Infinity)],
    ['errors', arm(10, 11)],
    ['errors', arm(10, -1)],
    ['throttles', arm(10, 0, { throttles: NaN })],
    ['meanLatencyMs', arm(10, 0, { meanLatencyMs: -5 })],
    ['endpointErrors', arm(10, 0, { endpointErrors: NaN })],
    ['latency.count', arm(10, 0, { latency: { le, count: [1, 2] } })],
    ['latency.count[1]', arm(10, 0, { latency: { le, count: [1, -2, 3] } })],
    ['latency.le[1]', arm(10, 0, { latency: { le: [2, 1], count: [1, 2, 3] } })],
  ];
  it.each(arms)('name the field: %s of %o', (field, bad) => {
    for (const side of ['champion', 'challenger'] as const) {
      const observation = { ...tick(1, ...pair), [side]: bad };
      expect(() => judge(policyOf(), [observation])).toThrow(RangeError);
      expect(() => judge(policyOf(), [observation])).toThrow(`${side}.${field}`);
    }
    expect(() => judge(policyOf({ history: [bad] }), [])).toThrow(`history[0].${field}`);
  });

  it.each([
    ['at', tick(NaN, ...pair)],
    ['tickMs', { ...tick(1, ...pair), tickMs: 0 }],
    ['plannedPercent', tick(1, ...pair, { plannedPercent: 101 })],
  ])('name the observation’s %s', (field, observation) => {
    expect(() => judge(policyOf(), [observation])).toThrow(field);
  });

  it('take no tick twice, and none out of order', () => {
    expect(() => judge(policyOf(), [tick(2, ...pair), tick(2, ...pair)])).toThrow(/^at: /);
    expect(() => judge(policyOf(), [tick(2, ...pair), tick(1, ...pair)])).toThrow(/^at: /);
  });

  it.each<[string, Partial<JudgePolicy>]>([
    ['alpha', { alpha: 0 }],
    ['alphaPromote', { alphaPromote: 1 }],
    ['tickMs', { tickMs: NaN }],
    ['historyTickMs', { historyTickMs: -1 }],
    ['warmUpMs', { warmUpMs: NaN }],
    ['minimumTicks', { minimumTicks: -1 }],
    ['detectableRatio', { detectableRatio: 1 }],
    ['rollbackMargin.ratio', { rollbackMargin: { ratio: 0.9, difference: 0, slower: 0 } }],
    ['promoteMargin.difference', { promoteMargin: { ratio: 1, difference: NaN, slower: 0 } }],
    ['promoteMargin.slower', { promoteMargin: { ratio: 1, difference: 0, slower: -1 } }],
    ['steps[0].percent', { steps: [{ percent: 120, ticks: 1 }] }],
    ['steps[0].ticks', { steps: [{ percent: 10, ticks: NaN }] }],
    ['guardrails.errorRate', { guardrails: { ...policyOf().guardrails, errorRate: 5 } }],
    ['guardrails.meanLatencyMs', { guardrails: { ...policyOf().guardrails, meanLatencyMs: 0 } }],
  ])('name the policy’s %s', (field, changes) => {
    expect(() => createJudge(policyOf(changes))).toThrow(RangeError);
    expect(() => createJudge(policyOf(changes))).toThrow(`${field}: `);
  });
});
