import type { ArmTick, CopiesTick, Histogram, LateTick, Observation } from '../../domain/observation.ts';
import type { JudgePolicy } from '../../domain/policy.ts';
import { checkArmUsers, checkUserCounts, checkUserPolicy } from './users/validate-users.ts';

/** Refuses an observation that can't be: a RangeError that names the field. A bad number is never a silent pass. */
export function checkObservation(observation: Observation, before: Observation | null): void {
  finite('at', observation.at);
  if (before && observation.at <= before.at) {
    throw new RangeError(`at: ${observation.at} does not come after ${before.at}`);
  }
  if (!(observation.tickMs > 0)) throw new RangeError(`tickMs: ${observation.tickMs} is not above 0`);
  within('plannedPercent', observation.plannedPercent, 0, 100);
  if (observation.copies) checkCopies(observation.copies);
  checkUserCounts(observation);
  observation.late?.forEach((late, i) => checkLate(`late[${i}]`, late, observation));
  if (observation.champion) checkArm('champion', observation.champion, before?.champion?.latency?.le);
  if (observation.challenger) checkArm('challenger', observation.challenger, before?.challenger?.latency?.le);
}

function checkLate(name: string, late: LateTick, { at }: Observation): void {
  finite(`${name}.at`, late.at);
  if (late.at >= at) throw new RangeError(`${name}.at: ${late.at} does not come before ${at}`);
  within(`${name}.plannedPercent`, late.plannedPercent, 0, 100);
  for (const arm of ['champion', 'challenger', 'beside'] as const) {
    const counts = late[arm];
    if (counts) checkArm(`${name}.${arm}`, { ...counts, throttles: 0 });
  }
}

function checkCopies(copies: CopiesTick): void {
  for (const name of copiesCounts) count('copies', name, copies[name]);
  if (copies.disagreed > copies.compared * rounding)
    throw new RangeError(`copies.disagreed: ${copies.disagreed} of only ${copies.compared}`);
}

const copiesCounts = ['sent', 'dropped', 'compared', 'disagreed', 'distance', 'duplicates'] as const;

/** Refuses a policy that can't be judged by. */
export function checkPolicy(policy: JudgePolicy): void {
  open('alpha', policy.alpha);
  open('alphaPromote', policy.alphaPromote);
  for (const name of ['tickMs', 'historyTickMs'] as const) {
    if (!(policy[name] > 0)) throw new RangeError(`${name}: ${policy[name]} is not above 0`);
  }
  for (const name of ['warmUpMs', 'minimumBakeMs', 'minimumTicks'] as const) count('', name, policy[name]);
  if (!(policy.detectableRatio > 1)) {
    throw new RangeError(`detectableRatio: ${policy.detectableRatio} is not above 1`);
  }
  if (policy.detectableSlower !== undefined && !(policy.detectableSlower > 1)) {
    throw new RangeError(`detectableSlower: ${policy.detectableSlower} is not above 1`);
  }
  for (const name of ['rollbackMargin', 'promoteMargin'] as const) {
    const margin = policy[name];
    if (!(margin.ratio >= 1)) throw new RangeError(`${name}.ratio: ${margin.ratio} is below 1`);
    within(`${name}.difference`, margin.difference, 0, 1);
    count(name, 'slower', margin.slower);
  }
  if (policy.disagreement !== undefined) open('disagreement', policy.disagreement);
  const refusedMore = policy.refusedMore ?? null;
  if (refusedMore !== null) open('refusedMore', refusedMore);
  policy.steps.forEach((step, i) => {
    within(`steps[${i}].percent`, step.percent, 0, 100);
    if (!(step.ticks >= 0)) throw new RangeError(`steps[${i}].ticks: ${step.ticks} is not 0 or more`);
  });
  for (const name of ['errorRate', 'throttleRate', 'endpointErrorRate'] as const) {
    const limit = policy.guardrails[name] ?? null;
    if (limit !== null) open(`guardrails.${name}`, limit);
  }
  const { alarm } = policy.guardrails;
  if (
    alarm &&
    !(Number.isInteger(alarm.m) && Number.isInteger(alarm.of) && alarm.m >= 1 && alarm.m <= alarm.of)
  ) {
    throw new RangeError(`guardrails.alarm: ${alarm.m} of ${alarm.of} is no "M of N" with 1 <= M <= N`);
  }
  for (const name of ['meanLatencyMs', 'endpointErrorsPerMinute'] as const) {
    const limit = policy.guardrails[name];
    if (limit !== null && !(limit > 0 && limit < Infinity)) {
      throw new RangeError(`guardrails.${name}: ${limit} is not above 0`);
    }
  }
  if (policy.users) checkUserPolicy(policy.users);
  if (policy.lastWeek) checkLastWeek(policy.lastWeek);
  policy.history.forEach((tick, i) => checkArm(`history[${i}]`, tick));
}

function checkLastWeek(hours: NonNullable<JudgePolicy['lastWeek']>): void {
  if (hours.length !== 24) throw new RangeError(`lastWeek: ${hours.length} entries for 24 hours`);
  hours.forEach((worst, hour) => {
    if (worst === null) return;
    const { requests, errors } = worst;
    if (requests > 0 && requests < Infinity && errors >= 0 && errors <= requests * rounding) return;
    throw new RangeError(`lastWeek[${hour}]: ${errors} errors of ${requests} requests`);
  });
}

/** Sums of fractional counts may be off by a rounding. */
const rounding = 1 + 1e-9;

/** `checked`: edges that were found right before. */
function checkArm(arm: string, tick: ArmTick, checked?: readonly number[]): void {
  const { requests, errors, throttles, meanLatencyMs, endpointErrors, latency } = tick;
  count(arm, 'requests', requests);
  count(arm, 'errors', errors);
  count(arm, 'throttles', throttles);
  if (errors > requests * rounding) {
    throw new RangeError(`${arm}.errors: ${errors} of only ${requests} requests`);
  }
  if (meanLatencyMs !== undefined) count(arm, 'meanLatencyMs', meanLatencyMs);
  if (endpointErrors !== undefined) count(arm, 'endpointErrors', endpointErrors);
  if (latency) checkHistogram(arm, latency, checked);
  checkArmUsers(arm, tick);
}

function checkHistogram(arm: string, { le, count: counts }: Histogram, checked?: readonly number[]): void {
  if (counts.length !== le.length + 1) {
    throw new RangeError(`${arm}.latency.count: ${counts.length} entries for ${le.length} edges`);
  }
  if (le !== checked) checkEdges(arm, le);
  let sum = 0;
  let least = 0;
  for (const here of counts) {
    sum += here;
    if (here < least) least = here;
  }
  // The sum shows whatever isn't finite.
  if (least < 0 || !(sum < Infinity)) counts.forEach((here, i) => count(arm, `latency.count[${i}]`, here));
}

function checkEdges(arm: string, le: readonly number[]): void {
  let edge = 0;
  for (let i = 0; i < le.length; i++) {
    if (!(le[i]! > edge))
      throw new RangeError(`${arm}.latency.le[${i}]: ${le[i]} does not grow from above 0`);
    edge = le[i]!;
  }
  finite('latency.le', edge);
}

function count(of: string, name: string, value: number): void {
  if (value >= 0 && value < Infinity) return;
  throw new RangeError(`${of}${of && '.'}${name}: ${value} is not a number from 0 up`);
}

function finite(name: string, value: number): void {
  if (!Number.isFinite(value)) throw new RangeError(`${name}: ${value} is not a finite number`);
}

function within(name: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high))
    throw new RangeError(`${name}: ${value} is not between ${low} and ${high}`);
}

function open(name: string, value: number): void {
  if (!(value > 0 && value < 1)) throw new RangeError(`${name}: ${value} is not between 0 and 1`);
}
