import { instant } from '../../src/domain/units.ts';
import { table } from '../machine.ts';
import { createJudge, judge } from '../../src/monitor/judge/judge.ts';
import { createRandom } from './random.ts';
import { policyOf } from './simulate.ts';
import { defaults } from './contestants.ts';
import { coarse, coarseEdges, createTraffic } from './traffic.ts';
import { medianOf } from './summary.ts';

const repeats = 7;
/** A day of 10 s ticks. */
const longest = 8640;

/**
 * What a tick costs: errors, three latency quantiles and four guardrails judged anew from the whole table, as a
 * rollout does at each look.
 */
export function speed(): string {
  const traffic = createTraffic(
    {
      tickMs: 10_000,
      perSecond: 100,
      share: 0.1,
      errorRate: 0.01,
      challengerErrorRate: 0.01,
      latency: { factor: 1, load: 0, cold: 0 },
    },
    createRandom(1),
  );
  const history = traffic.history.map(coarse);
  const policy = {
    ...policyOf({ share: 0.1, tickMs: 10_000 }, history, defaults.policy),
    steps: [{ percent: 10, ticks: longest }],
  };
  const hour = traffic.observations.map((one) => ({
    ...one,
    champion: { ...coarse(one.champion!), meanLatencyMs: 113, endpointErrors: 0 },
    challenger: { ...coarse(one.challenger!), meanLatencyMs: 113, endpointErrors: 0 },
  }));
  // As it is read from a store: objects of their own.
  const day: readonly (typeof hour)[number][] = JSON.parse(
    JSON.stringify(
      Array.from({ length: longest }, (_, i) => ({
        ...hour[i % hour.length]!,
        at: instant((i + 1) * 10_000),
      })),
    ),
  );
  let clock = longest * 10_000;
  const later = (): (typeof hour)[number]['at'] => instant((clock += 10_000));
  const rows = [360, 2160, longest].map((ticks) => {
    const observations = day.slice(0, ticks);
    const whole = timed(() => judge(policy, observations));
    const one = createJudge(policy);
    for (const observation of observations.slice(0, -1)) one.push(observation);
    const last = timed(() => one.push({ ...observations.at(-1)!, at: later() }));
    return [`${ticks}`, whole.toFixed(1), last.toFixed(2)];
  });
  const head = ['ticks so far', 'all judged anew', 'one more pushed'];
  return `## Speed\n\nOne tick of eight metrics (errors, three latency quantiles by ${coarseEdges.length} buckets, four guardrails), milliseconds of CPU, median of ${repeats}; ${longest} ticks of 10 s are a day.\n\n${table(head, rows)}`;
}

/** Milliseconds of CPU: on a busy machine the wall clock tells of the others as well. */
function timed(work: () => unknown): number {
  work();
  const times = Array.from({ length: repeats }, () => {
    const began = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000;
  });
  return medianOf(times);
}
