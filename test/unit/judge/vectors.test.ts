import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { combine } from '../../../src/monitor/judge/evidence/combine.ts';
import { createDifferenceInterval } from '../../../src/monitor/judge/evidence/difference-interval.ts';
import { createDispersion } from '../../../src/monitor/judge/evidence/dispersion.ts';
import { createDrift } from '../../../src/monitor/judge/evidence/drift.ts';
import { createLimitGuardrail } from '../../../src/monitor/judge/guardrails/guardrail-limit.ts';
import {
  attributableRate,
  createRateGuardrail,
} from '../../../src/monitor/judge/guardrails/guardrail-rate.ts';
import { lookPValue } from '../../../src/monitor/judge/evidence/look.ts';
import { tolerance } from '../../../src/monitor/judge/evidence/margin.ts';
import { binomialTail } from '../../../src/monitor/judge/math/binomial-tail.ts';
import { incompleteBeta } from '../../../src/monitor/judge/math/incomplete-beta.ts';
import { logGamma } from '../../../src/monitor/judge/math/log-gamma.ts';
import { studentTail } from '../../../src/monitor/judge/math/student-t.ts';
import { createNotWorseTest, createWorseTest } from '../../../src/monitor/judge/evidence/multinomial.ts';
import { needMore } from '../../../src/monitor/judge/power/need-more.ts';
import { proportionInterval } from '../../../src/monitor/judge/evidence/proportion-interval.ts';
import { quantileInterval } from '../../../src/monitor/judge/evidence/quantile-interval.ts';
import { ratioInterval } from '../../../src/monitor/judge/evidence/ratio-interval.ts';
import { sampleRatio } from '../../../src/monitor/judge/evidence/sample-ratio.ts';
import { createShareTest } from '../../../src/monitor/judge/evidence/share-test.ts';
import { createTProcess } from '../../../src/monitor/judge/evidence/t-process.ts';
import { createTwoBernoulli } from '../../../src/monitor/judge/evidence/two-bernoulli.ts';
import { userGate, userGateRollouts } from './users/vector-checks.ts';

/** The answers were computed with 60 digits, independently of this implementation. */
const folder = process.env.MLREG_VECTORS ?? join(import.meta.dirname, '../../vectors');
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .sort();

type Check = (file: any) => number;

const checks: Record<string, Check> = {
  share_test: (file) => each(file.cases, shareTest),
  student_t: (file) => each(file.cases, studentT),
  guardrail: (file) => each(file.cases, guardrail) + each(file.ratio_bet_cases, ratioBets),
  ratio_mixture: (file) => each(file.cases, ratioMixture),
  two_bernoulli: (file) => each(file.cases, twoBernoulli),
  noninferiority: (file) => each(file.cases, nonInferiority),
  ratio_and_difference_cs: (file) => each(file.cases, intervals),
  proportion_quantile_srm: (file) =>
    each(file.bernoulli_cs, bernoulliInterval) + each(file.quantile_cs, quantiles) + each(file.srm, splits),
  histogram_drift: (file) => each(file.cases, drift),
  rollout_e2e: (file) => each(file.cases, rollout),
  user_gate: userGate,
  user_gate_e2e: userGateRollouts,
  misc,
};

describe(`vectors of ${files.length} files`, () => {
  it('finds files to check', () => expect(files.length).toBeGreaterThan(0));
  for (const name of files) {
    it(name, () => {
      const file = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      const check = checks[file.name];
      if (!check) throw new Error(`no check for vectors named ${file.name}`);
      expect(check(file)).toBeGreaterThan(0);
    });
  }
});

/** How many numbers were compared. */
function each(cases: any[] | undefined, check: (one: any) => number): number {
  return (cases ?? []).reduce((sum, one) => sum + check(one), 0);
}

function close(what: string, actual: number | null, expected: any, relative?: number): number {
  const wanted = expected === 'Infinity' ? Infinity : expected === '-Infinity' ? -Infinity : expected;
  if (wanted === null || actual === null || !Number.isFinite(wanted)) {
    expect(actual, what).toBe(wanted);
    return 1;
  }
  const limit = relative === undefined ? 1e-9 * Math.max(1, Math.abs(wanted)) : relative * Math.abs(wanted);
  expect(Math.abs(actual - wanted), `${what}: ${actual} against ${wanted}`).toBeLessThanOrEqual(limit);
  return 1;
}

const pair = ([n0, x0, n1, x1]: number[]) => ({ n0: n0!, x0: x0!, n1: n1!, x1: x1! });

function shareTest(one: any): number {
  const p = one.params;
  const test = createShareTest({
    alpha: p.alpha,
    ratio: p.rho0,
    difference: p.delta,
    phi: p.phi_hist,
    bad: p.X0_hist,
    requests: p.N0_hist,
  });
  let best = 0;
  let checked = 0;
  one.ticks.forEach((tick: number[], t: number) => {
    test.update(pair(tick), p.step_change_ticks.includes(t));
    const want = one.expected[t];
    const at = `${one.name} tick ${t}`;
    const parts = test.parts();
    best = Math.max(best, test.logE());
    checked += close(`${at} bet`, parts.bet, want.logE_bet);
    checked += close(`${at} z free`, parts.zFree, want.z_free);
    checked += close(`${at} free`, parts.free, want.logE_t_free);
    if (p.phi_hist !== null) {
      checked += close(`${at} z history`, parts.zHistory, want.z_hist);
      checked += close(`${at} history`, parts.history, want.logE_t_hist);
    }
    checked += close(`${at} log E`, test.logE(), want.logE);
    checked += close(`${at} p`, Math.min(1, Math.exp(-best)), want.p_value);
    checked += close(`${at} look`, test.lookP(), want.look_p, 1e-9);
  });
  return checked;
}

function studentT(one: any): number {
  const process = createTProcess({ sumOfSquares: one.params.V0, degrees: one.params.nu0 });
  return one.z.reduce((checked: number, z: number | null, t: number) => {
    process.update(z, one.params.step_change_ticks.includes(t));
    return checked + close(`${one.name} ${t}`, process.logE(), one.expected_logE[t]);
  }, 0);
}

function guardrail(one: any): number {
  const { alpha, tau, phi, step_change_ticks } = one.params;
  const rule = createRateGuardrail({ alpha, phi });
  let checked = 0;
  one.ticks.forEach((tick: number[], t: number) => {
    const { n0, x0, n1, x1 } = pair(tick);
    rule.update(n1, x1, attributableRate(tau, n0, x0), step_change_ticks.includes(t));
    const want = one.expected[t];
    checked += close(`${one.name} ${t} bet`, rule.parts().bet, want.logE_bet);
    checked += close(`${one.name} ${t} bernoulli`, rule.parts().bernoulli, want.logE_bernoulli);
    checked += close(`${one.name} ${t}`, rule.logE(), want.logE);
  });
  return checked;
}

function ratioBets(one: any): number {
  const rule = createLimitGuardrail({ alpha: 0.01 });
  return one.R.reduce((checked: number, r: number, t: number) => {
    rule.update(r);
    return checked + close(`${one.name} ${t}`, rule.logE(), one.expected_logE[t]);
  }, 0);
}

function ratioMixture(one: any): number {
  const { rho0, delta, phi, step_change_ticks } = one.params;
  const test = createWorseTest({ ratio: rho0, difference: delta, phi });
  let best = 0;
  return one.ticks.reduce((checked: number, tick: number[], t: number) => {
    test.update(pair(tick), step_change_ticks.includes(t));
    best = Math.max(best, test.logE());
    const want = one.expected[t];
    close(`${one.name} ${t} p`, Math.min(1, Math.exp(-best)), want.p_value);
    return checked + close(`${one.name} ${t}`, test.logE(), want.logE);
  }, 0);
}

function twoBernoulli(one: any): number {
  const test = createTwoBernoulli({
    nominal: one.params.p_nominal,
    phi: one.params.phi,
    direction: 'worse',
  });
  return one.ticks.reduce((checked: number, tick: number[], t: number) => {
    test.update(pair(tick));
    return checked + close(`${one.name} ${t}`, test.logE(), one.expected_logE[t]);
  }, 0);
}

function nonInferiority(one: any): number {
  const { rhom, deltam, phi } = one.params;
  const test = createNotWorseTest({ ratio: rhom, difference: deltam, phi });
  let checked = 0;
  one.ticks.forEach((tick: number[], t: number) => {
    test.update(pair(tick));
    checked += close(`${one.name} ${t}`, test.logE(), one.expected_logE[t]);
  });
  const need = one.need_more;
  const more = needMore({
    ratio: rhom,
    difference: deltam,
    phi,
    alpha: need.alpha,
    w: need.n1 / (need.n0 + need.n1),
    p0: need.p0,
    p1: need.p1,
    logWeights: test.logWeights(),
  });
  return checked + close(`${one.name} need`, more, need.expected_challenger_requests);
}

function intervals(one: any): number {
  const ticks = one.ticks.map(pair);
  const ratio = ratioInterval(ticks, one.params);
  const difference = createDifferenceInterval(one.params);
  for (const tick of ticks) difference.push(tick);
  const { low, high } = difference.interval();
  return (
    close(`${one.name} ratio low`, ratio.low, one.expected.ratio_lo) +
    close(`${one.name} ratio high`, ratio.high, one.expected.ratio_hi) +
    close(`${one.name} difference low`, low, one.expected.diff_lo) +
    close(`${one.name} difference high`, high, one.expected.diff_hi)
  );
}

function bernoulliInterval(one: any): number {
  const { low, high } = proportionInterval(one.n, one.x, one.alpha);
  return close(`${one.n} low`, low, one.expected[0]) + close(`${one.n} high`, high, one.expected[1]);
}

function quantiles(one: any): number {
  const { low, high } = quantileInterval(one.edges, one.counts, one.q, one.alpha);
  return close(`q ${one.q} low`, low, one.expected[0]) + close(`q ${one.q} high`, high, one.expected[1]);
}

function splits(one: any): number {
  return close(`split ${one.n0}`, sampleRatio(one.n0, one.n1, one.planned_share), one.expected_logE);
}

function drift(one: any): number {
  const test = createDrift(one.ticks[0][0].length);
  return one.ticks.reduce((checked: number, [c0, c1]: number[][], t: number) => {
    test.update(c0!, c1!);
    return checked + close(`${one.name} ${t}`, test.logE(), one.expected_logE[t]);
  }, 0);
}

function rollout(one: any): number {
  const p = one.params;
  const errors = createShareTest({
    alpha: p.alpha,
    ratio: p.rho0,
    difference: p.delta,
    phi: p.phi_hist,
    bad: 0,
    requests: 0,
  });
  const rule = createRateGuardrail({ alpha: p.alpha, phi: p.phi_guard });
  let checked = 0;
  let lookP = 1;
  let decided: { tick: number; reason: string } | undefined;
  one.ticks.forEach((row: number[], t: number) => {
    const tick = pair(row);
    const stepChange = p.step_change_ticks.includes(t);
    errors.update(tick, stepChange);
    const tau = attributableRate(p.tau, tick.n0, tick.x0);
    rule.update(tick.n1, tick.x1, tau, stepChange);
    const total = combine([
      { weight: p.weights.errors, logE: errors.logE() },
      { weight: p.weights.guardrail, logE: rule.logE() },
    ]);
    const looking = p.look_ticks.includes(t);
    const want = one.expected[t];
    checked += close(`${one.name} ${t} errors`, errors.logE(), want.logE_errors);
    checked += close(`${one.name} ${t} guardrail`, rule.logE(), want.logE_guardrail);
    checked += close(`${one.name} ${t} total`, total, want.logE_total);
    lookP = errors.lookP();
    checked += close(`${one.name} ${t} look`, lookP, want.look_p_errors, 1e-9);
    if (!decided && total >= Math.log(p.sequential_threshold_E)) decided = { tick: t, reason: 'sequential' };
    else if (!decided && looking && lookP <= p.look_level_errors) decided = { tick: t, reason: 'look' };
  });
  expect(decided?.tick ?? null).toBe(one.rollback_at_tick);
  expect(decided?.reason ?? '').toBe(one.reason);
  return checked;
}

function misc(file: any): number {
  return (
    each(file.student_sf, (c) => close(`t ${c.t}`, studentTail(c.t, c.nu), c.expected, c.rel_tolerance)) +
    each(file.betainc, (c) => close(`I ${c.x}`, incompleteBeta(c.a, c.b, c.x), c.expected, c.rel_tolerance)) +
    each(file.lgamma, (c) => close(`lgamma ${c.x}`, logGamma(c.x), c.expected)) +
    each(file.binomial_tail, (c) =>
      close(`tail ${c.n}`, binomialTail(c.n, c.x, c.p), c.expected, c.rel_tolerance),
    ) +
    each(file.look_p_value, (c) => {
      const values = {
        n: c.z.length,
        sum: c.z.reduce((s: number, z: number) => s + z, 0),
        squares: c.z.reduce((s: number, z: number) => s + z * z, 0),
      };
      const p = lookPValue(values, { sumOfSquares: c.V0, degrees: c.nu0 }, c.nmin);
      return close(`look ${c.z.length}`, p, c.expected, c.rel_tolerance);
    }) +
    each(file.combine, (c) => {
      const logE = combine(
        c.parts.map(([weight, e]: [number, number | string]) => ({ weight, logE: Number(e) })),
      );
      expect(logE >= Math.log(2 / c.alpha) ? 'rollback' : 'continue').toBe(c.verdict);
      return close('combine', logE, c.expected_logE);
    }) +
    each(file.phi_from_history, (c) => {
      const dispersion = createDispersion();
      for (const [requests, bad] of c.ticks) dispersion.push({ requests, bad });
      return close('phi', dispersion.phi(), c.expected);
    }) +
    each(file.margin_ratio, (c) => close('margin', tolerance(c.rho0, c.delta, c.X0, c.N0), c.expected))
  );
}
