import type { ChalkInstance } from 'chalk';
import { formatDuration } from '../domain/parse.ts';
import type { OnInconclusive, Plan } from '../domain/plan.ts';
import { unreachable } from '../domain/units.ts';
import type { Range } from '../monitor/judge/power-range.ts';
import type { Caught, CaughtErrors } from '../monitor/judge/power/power.ts';
import { digits, msText, percentText, thousands } from '../monitor/judge/words.ts';
import { table } from './output.ts';
import type { BakePower, Power, TrafficNow, Warning } from '../view/power-answer.ts';

/** Below the plan's steps: what its bakes can find, how long a proof takes, and what they can't find. */
export function powerText(power: Power, plan: Plan, paint: ChalkInstance): string {
  if (power.kind === 'unknown') return `  ${paint.dim('power')}  can't be stated: ${power.why}`;
  const [first] = power.bakes;
  const head = [
    'BAKE',
    'REQUESTS',
    ...(first?.errors ?? []).map(({ ratio }, index) => `${index === 0 ? 'ERRORS ' : ''}x${ratio}`),
    `LATENCY +${Math.round(((first?.slower.factor ?? 1) - 1) * 100)} %`,
    'ALL FAIL',
  ];
  const rows = table(
    head,
    [...power.bakes.map((bake) => row(bake, plan)), ...promotedRow(power.promoted)],
    paint,
  ).split('\n');
  return [
    `  ${paint.dim('power')}  ${trafficText(power.traffic)}; the chance that a bake rolls back, and after how long:`,
    ...rows.map((line) => `         ${line}`),
    `  ${paint.dim('proof')}  ${proofText(power, plan)}`,
    ...power.championBreaches.map(({ sentence }) => `  ${paint.yellow('▲')}      ${sentence}`),
    ...power.warnings.map((warning) => `  ${paint.yellow('▲')}      ${warningText(warning)}`),
  ].join('\n');
}

function trafficText({ requestsPerSecond, errorRate, p50Ms, p95Ms, overMs }: TrafficNow): string {
  const latency = p50Ms === null || p95Ms === null ? '' : `, p50 ${msText(p50Ms)}, p95 ${msText(p95Ms)}`;
  return `${digits(requestsPerSecond)} requests a second, ${percentText(errorRate)} errors${latency} (champion, last ${formatDuration(overMs)})`;
}

function row(
  { percent, durationMs, challengerRequests, errors, slower, totalFailure }: BakePower,
  { strategy }: Plan,
) {
  return [
    `${strategy === 'shadow' ? 'copies of ' : ''}${percent} % for ${formatDuration(durationMs)}`,
    thousands(challengerRequests),
    ...errors.map(caughtErrorsText),
    percent === 100 ? '-' : caughtText(slower),
    caughtText(totalFailure),
  ];
}

/** Whether each regression is promoted in the end: what is not rolled back may still be held. */
function promotedRow(promoted: readonly Range[]): string[][] {
  return promoted.length === 0 ? [] : [['promoted', '', ...promoted.map(rangeText), '', '']];
}

/** `40 to 75 %, 34m`; no time where it is more likely missed. */
function caughtErrorsText({ probability, expectedMs, range }: CaughtErrors): string {
  const text = rangeText(range);
  return expectedMs === null || probability < 0.5 ? text : `${text}, ${roughly(expectedMs)}`;
}

function rangeText({ low, high }: Range): string {
  const [from, to] = [Math.round(100 * low), Math.round(100 * high)];
  if (low > 0.99) return '> 99 %';
  if (high < 0.01) return '< 1 %';
  if (to === 100) return `at least ${from} %`;
  return from === 0 ? `at most ${to} %` : from === to ? `${to} %` : `${from} to ${to} %`;
}

/** `97 %, 4m`; no time where it is more likely missed. */
function caughtText({ probability, expectedMs }: Caught): string {
  const text = chance(probability);
  return expectedMs === null || probability < 0.5 ? text : `${text}, ${roughly(expectedMs)}`;
}

function proofText(power: Extract<Power, { kind: 'known' }>, plan: Plan): string {
  if (plan.strategy === 'shadow') return 'none is looked for: a shadow runs to its end, and promotes nothing';
  const bakes = plan.steps.filter((step) => step.kind === 'bake');
  const last = bakes.at(-1);
  const ends = `its end: ${whatThen(last?.onInconclusive ?? 'hold')}`;
  if (!power.provable) {
    return `the last bake is at 100 %, with nobody to compare with; at ${ends}`;
  }
  if (power.promotionMs === null) {
    return `by ${power.promotionBy} an equal challenger can't be shown to be no worse at this margin; the last bake runs to ${ends}`;
  }
  const all = bakes.reduce((sum, bake) => sum + (bake.durationMs ?? 0), 0);
  const about = `an equal challenger is shown to be no worse after about ${roughly(power.promotionMs)} of baking (by ${power.promotionBy}, which takes longest)`;
  return power.promotionMs <= all
    ? `${about}; the last bake then ends early`
    : `${about}, more than the ${formatDuration(all)} planned; the last bake runs to ${ends}`;
}

function whatThen(onInconclusive: OnInconclusive): string {
  switch (onInconclusive) {
    case 'promote':
      return 'promotes if nothing is breached';
    case 'rollback':
      return 'rolls back';
    case 'hold':
    case 'extend':
      return 'holds for a person';
    default:
      return unreachable(onInconclusive);
  }
}

function warningText(warning: Warning): string {
  const bake = `the bake at ${warning.percent} %`;
  switch (warning.kind) {
    case 'no-verdict': {
      const mend =
        warning.enoughMs === null
          ? 'no length would do: give it more traffic'
          : `about ${roughly(warning.enoughMs)} would do`;
      return `${bake} is too short for a verdict: ${warning.what === 'errors' ? 'errors' : 'a latency'} ${digits(warning.ratio)} times the champion's ${warning.what === 'errors' ? 'are' : 'is'} caught with a chance of ${chance(warning.probability)}; it would hold (${mend})`;
    }
    case 'guardrail':
      return `${bake} may miss what its guardrail is for: ${percentText(warning.errorRate)} errors, twice the limit, are caught with a chance of ${chance(warning.probability)}`;
    case 'latency':
      return `${bake} may miss a challenger ${Math.round((warning.factor - 1) * 100)} % slower: it is caught with a chance of ${chance(warning.probability)}`;
    case 'alone':
      return warning.week
        ? `${bake} has no champion beside it: there the guardrails guard, and errors beyond the champion's worst of the same hours in the last seven days`
        : `${bake} has no champion beside it: there only the guardrails guard`;
    default:
      return unreachable(warning);
  }
}

function chance(probability: number): string {
  return probability > 0.99 ? '> 99 %' : probability < 0.01 ? '< 1 %' : `${Math.round(probability * 100)} %`;
}

/** Two units at most: nobody plans by the second of an hour. */
function roughly(ms: number): string {
  const step =
    ms >= 86_400_000
      ? 3_600_000
      : ms >= 3_600_000
        ? 300_000
        : ms >= 600_000
          ? 60_000
          : ms >= 60_000
            ? 10_000
            : 1_000;
  return formatDuration(Math.max(step, Math.round(ms / step) * step));
}
