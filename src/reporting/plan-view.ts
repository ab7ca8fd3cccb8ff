import type { ChalkInstance } from 'chalk';
import type { AnswerContract } from '../domain/answer-contract.ts';
import { formatDuration } from '../domain/parse.ts';
import type { BakeStep, OnInconclusive, Plan, ReturnWarmth, Step } from '../domain/plan.ts';
import type { Route } from '../domain/route.ts';
import { unreachable } from '../domain/units.ts';
import { usersText } from './users-view.ts';
import { counted, percentText, routeTitle, stepTitle } from '../view/words.ts';

/** Every step with its time, what undo does, and the limits that guard it. */
export function planText(plan: Plan, paint: ChalkInstance): string {
  const head = `${paint.bold(`${plan.model} / ${plan.environment}`)}  ${plan.champion ?? 'nothing'} -> ${plan.challenger}  ${plan.strategy}, ${plan.routing} routing on alias ${plan.alias}`;
  const rows = plan.steps.map((step, index) =>
    `  ${String(index + 1).padStart(2)}  ${stepTitle(step).padEnd(34)} ${paint.dim(remark(step, plan))}`.trimEnd(),
  );
  const undo =
    plan.undo === null
      ? 'none: there is no earlier version'
      : `${routeTitle(plan.undo)}, by one write of the alias${swaps(plan)}, at any time`;
  return [
    head,
    ...rows,
    ...(plan.latest === undefined ? [] : [`  ${paint.dim('$LATEST')} ${latestText(plan.latest)}`]),
    ...(plan.settings === undefined ? [] : [`  ${paint.dim('settings')} ${settingsText(plan)}`]),
    `  ${paint.dim('undo')}   ${undo}`,
    ...(plan.returnWarmth === undefined
      ? []
      : [`  ${paint.dim('warm')}   ${warmthText(plan, plan.returnWarmth)}`]),
    `  ${paint.dim('guard')}  ${guards(plan)}`,
    ...(plan.answers === undefined ? [] : [`  ${paint.dim('count')}  ${answersText(plan.answers)}`]),
    ...(plan.testers === undefined ? [] : [`  ${paint.dim('tests')}  ${testersText(plan)}`]),
    ...(plan.receipts === undefined ? [] : [`  ${paint.dim('label')}  ${receiptsText(plan.receipts)}`]),
    ...usersText(plan).map((line, i) => `  ${i === 0 ? paint.dim('users') : '     '}  ${line}`),
    `  ${paint.dim('time')}   ${timeText(plan)}`,
  ].join('\n');
}

/** The same in four lines, for the start of a rollout: `mlreg plan` has every step. */
export function planSummary(plan: Plan, paint: ChalkInstance): string {
  const words: string[] = [];
  for (const step of plan.steps) {
    if (step.kind === 'warm-up' || step.kind === 'notify' || step.kind === 'commit') continue;
    if (step.kind === 'route' && step.alias !== undefined) continue;
    if (step.kind === 'route') words.push(routeShare(step.route));
    else if (step.kind === 'bake')
      words[words.length - 1] = `${words.at(-1) ?? ''} ${bakeLength(step)}`.trim();
    else words.push(stepTitle(step));
  }
  return [
    `${paint.bold(`${plan.model} / ${plan.environment}`)}  ${plan.champion ?? 'nothing'} -> ${plan.challenger}  ${plan.strategy}, ${plan.routing}`,
    `  ${words.join(paint.dim(' > '))}`,
    ...(plan.latest === undefined ? [] : [`  ${paint.dim(`$LATEST ${latestText(plan.latest)}`)}`]),
    ...(plan.settings === undefined ? [] : [`  ${paint.dim(`settings: ${settingsText(plan)}`)}`]),
    `  ${paint.dim(`undo: ${plan.undo === null ? 'none, there is no earlier version' : `${routeTitle(plan.undo)} by one write${swaps(plan)}, at any time`}`)}`,
    ...usersText(plan).map((line) => `  ${line}`),
  ].join('\n');
}

const latestText = ({ differences, take }: NonNullable<Plan['latest']>): string =>
  `differs from what serves: ${differences.join(', ')}; ` +
  (take ? 'that is on trial, too' : 'mlreg deploy refuses, unless --with-latest is given');

/** What a rollback may rely on, and what that costs. */
function warmthText({ champion }: Plan, warmth: ReturnWarmth): string {
  switch (warmth.kind) {
    case 'none':
      return `nothing keeps ${champion} warm (sagemaker.keepWarm is off): a rollback may meet a cold endpoint`;
    case 'provisioned':
      return `${counted(warmth.environments, 'environment')} of each endpoint always, as provisioned`;
    case 'requests': {
      const { everyMs, requests, afterMs } = warmth;
      const hourly = Math.ceil((requests * 3_600_000) / everyMs);
      const cost = `${counted(requests, 'warming request')} every ${formatDuration(everyMs)}, ${hourly} an hour`;
      return afterMs > 0
        ? `${champion} stays warm, also for ${formatDuration(afterMs)} after the promotion: ${cost}`
        : `${champion} stays warm while the rollout runs: ${cost}\n         after the promotion it may go cold: a controller, or sagemaker.provisionedConcurrency, keeps it warm`;
    }
    default:
      return unreachable(warmth);
  }
}
const settingsText = ({ champion, challenger, settings = [] }: Plan): string =>
  `${challenger} is served as configured, ${champion ?? 'what serves'} is not: ${settings.join(', ')}`;

const swaps = ({ steps }: Plan): string =>
  steps.some(({ kind }) => kind === 'swap-stage') ? ' (two from the swap on)' : '';

const routeShare = (route: Route): string =>
  route.kind === 'split' ? `${route.percent} %` : routeTitle(route);

const bakeLength = (step: BakeStep): string =>
  step.durationMs === null ? '' : `for ${formatDuration(step.durationMs)}`;

function remark(step: Step, { holdBack, champion }: Plan): string {
  switch (step.kind) {
    case 'approve':
      return `rolls back after ${formatDuration(step.timeoutMs)} without an answer`;
    case 'provision':
      return `${counted(step.routes.length, 'route')} published before traffic moves`;
    case 'bake': {
      const extend =
        step.extendMs > 0 && step.durationMs !== null
          ? `, up to ${formatDuration(step.extendMs)} more while evidence is insufficient`
          : '';
      if (step.testersOnly === true) return 'not judged; mlreg promote ends it';
      if (step.percent === 0) return `compared with the champion, never promoted${extend}`;
      const held = holdBack === undefined ? '' : `${holdBack} % stay with ${champion}; `;
      return step.final
        ? `last: ${held}promotes as soon as it is shown no worse; at its end ${inconclusive[step.onInconclusive]}${extend}`
        : `judged at each tick${extend}`;
    }
    case 'commit':
      return `keeps the previous version for ${formatDuration(step.keepPreviousMs)}`;
    default:
      return '';
  }
}

const inconclusive = {
  promote: 'promotes if nothing is breached',
  rollback: 'rolls back',
  hold: 'waits for a person',
  extend: 'waits for a person',
} as const satisfies Record<OnInconclusive, string>;

function guards(plan: Plan): string {
  const { shadow, policy } = plan;
  const { guardrails, alpha, disagreement } = policy;
  const limits = [
    guardrails.errorRate === null ? null : `errors > ${percentText(guardrails.errorRate, 0)}`,
    guardrails.meanLatencyMs === null ? null : `mean latency > ${guardrails.meanLatencyMs} ms`,
    // Nothing splits the champion's own endpoint errors by which of its requests were copied.
    (guardrails.endpointErrorRate ?? null) === null || shadow !== undefined
      ? null
      : `endpoint errors > ${percentText(guardrails.endpointErrorRate ?? 0, 0)}`,
    guardrails.endpointErrorsPerMinute === null || shadow !== undefined
      ? null
      : `endpoint errors > ${guardrails.endpointErrorsPerMinute} a minute`,
    guardrails.alarm ? `errors over that in ${guardrails.alarm.m} of ${guardrails.alarm.of} minutes` : null,
    guardrails.throttleRate === null ? null : `throttles > ${percentText(guardrails.throttleRate, 0)}`,
    disagreement === undefined ? null : `answers that differ > ${percentText(disagreement, 0)}`,
  ].filter((limit) => limit !== null);
  return `${limits.join(', ')};${breachText(plan)}\n         against the champion at every ${formatDuration(plan.tickMs)}, ${percentText(alpha, 1)} false rollbacks in the whole rollout`;
}

/** Nothing where a breach rolls back at once, as it does unless told. */
function breachText({ onBreach, maxHoldMs }: Plan): string {
  if (onBreach === undefined) return '';
  const users =
    onBreach === 'hold' ? 'the challenger keeps its share' : 'everybody gets the champion meanwhile';
  return `\n         a breach waits for a person, and ${users}; it rolls back after ${formatDuration(maxHoldMs)}`;
}

/** How many, and never who. */
function testersText({ testers, challenger }: Plan): string {
  const users = testers?.users?.length ?? 0;
  const who = [
    users === 0 ? null : counted(users, 'user'),
    testers?.token === undefined ? null : `whoever sends the token in ${testers.header}`,
  ].filter((words) => words !== null);
  return `${who.join(' and ')} get ${challenger} from the first step on, whatever its share; not judged`;
}

function receiptsText({ parameter, maxAgeMs }: NonNullable<Plan['receipts']>): string {
  return `answers carry receipts for feedback, valid for ${formatDuration(maxAgeMs)}; keys in ${parameter}`;
}

const whenNotJson = {
  asked: 'is not JSON, as the champion’s are',
  seen: 'is not JSON, once the champion’s are seen to be',
  always: 'is not JSON',
} as const;

/** `as failed an answer that is not JSON, or has something at /error`. */
export function answersText({
  json,
  contentType,
  members = {},
  errors = [],
  maxBytes,
}: AnswerContract): string {
  const breaks = [
    json === undefined ? null : whenNotJson[json],
    contentType === undefined ? null : `is not ${contentType}`,
    ...Object.entries(members).map(
      ([pointer, type]) => `has no ${type === 'any' ? 'value' : type} at ${pointer}`,
    ),
    ...errors.map((pointer) => `has something at ${pointer}`),
    maxBytes === undefined ? null : `has more than ${maxBytes.toLocaleString('en-US')} bytes`,
  ].filter((words) => words !== null);
  const [last = 'is of no use', ...others] = breaks.reverse();
  const list = others.length === 0 ? last : `${others.reverse().join(', ')} or ${last}`;
  return `as failed an answer that ${list}`;
}

function timeText(plan: Plan): string {
  let bakes = 0;
  let extensions = 0;
  for (const step of plan.steps) {
    if (step.kind !== 'bake') continue;
    if (step.durationMs === null) return 'until it is stopped';
    bakes += step.durationMs;
    extensions += step.extendMs + plan.settleMs;
  }
  if (bakes === 0) return 'no bakes; as long as provisioning takes';
  return `${formatDuration(bakes)} of bakes, at most ${formatDuration(bakes + extensions)}, and provisioning`;
}
