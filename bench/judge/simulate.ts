import type { Histogram, Observation } from '../../src/domain/observation.ts';
import type { JudgePolicy } from '../../src/domain/policy.ts';
import { createJudge, judge } from '../../src/monitor/judge/judge.ts';
import type { Contestant, OwnJudge } from './contestants.ts';
import { onTheMinute } from './peers/argo.ts';
import type { Peer, PeerTick } from './peers/peer.ts';
import { createRandom } from './random.ts';
import { coarse, createTraffic, minutes, quantileOf, type Scenario, type Traffic } from './traffic.ts';

/** What one contestant did in the rollouts of one cell, one entry a rollout. */
export interface Outcomes {
  /** Minutes until the rollback; null: none within the hour. */
  readonly at: (number | null)[];
  /** The challenger's failed requests until then. */
  readonly failed: number[];
  /** All the challenger's requests until then. */
  readonly served: number[];
}

/** Every run is a function of this, its cell and its number. */
export const seed = 20_261;

/** Runs from `first` on of one cell: every contestant sees the same traffic, which is a function of seed, cell and run. */
export function simulate(
  scenario: Scenario,
  contestants: readonly Contestant[],
  { cell, first, runs }: { cell: number; first: number; runs: number },
): ReadonlyMap<string, Outcomes> {
  const outcomes = new Map<string, Outcomes>(
    contestants.map(({ name }) => [name, { at: [], failed: [], served: [] }]),
  );
  for (let run = first; run < first + runs; run++) {
    const traffic = createTraffic(scenario, createRandom(seed, cell, run));
    const peerTicks = ticksForPeers(traffic.observations);
    for (const contestant of contestants) {
      const tick =
        contestant.kind === 'mlreg'
          ? rollbackOf(contestant, scenario, traffic)
          : rollbackOfPeer(contestant.peer, scenario, peerTicks);
      const into = outcomes.get(contestant.name)!;
      const until = traffic.observations.slice(0, tick ?? undefined);
      into.at.push(tick === null ? null : (tick * scenario.tickMs) / 60_000);
      into.failed.push(until.reduce((sum, { challenger }) => sum + challenger!.errors, 0));
      into.served.push(until.reduce((sum, { challenger }) => sum + challenger!.requests, 0));
    }
  }
  return outcomes;
}

/** The policy of an hour's canary in one step, as the plan would have it. */
export function policyOf(
  { share, tickMs }: Pick<Scenario, 'share' | 'tickMs'>,
  history: JudgePolicy['history'],
  changes: Partial<JudgePolicy>,
): JudgePolicy {
  return {
    alpha: 0.01,
    alphaPromote: 0.05,
    tickMs,
    steps: [{ percent: 100 * share, ticks: Math.round((minutes * 60_000) / tickMs) }],
    warmUpMs: 0,
    minimumBakeMs: 300_000,
    minimumTicks: 3,
    rollbackMargin: { ratio: 1, difference: 0, slower: 0 },
    promoteMargin: { ratio: 1.25, difference: 0.001, slower: 0.2 },
    guardrails: { errorRate: 0.05, meanLatencyMs: null, endpointErrorsPerMinute: null, throttleRate: null },
    scope: 'attributable',
    noise: 'robust',
    detectableRatio: 5,
    history,
    historyTickMs: 60_000,
    ...changes,
  };
}

/** A whole judgement costs a fraction of as many as there are ticks, so the block of the rollback is found first. */
const blocks = [6, 36, 120];

/** Which tick, from 1, mlreg rolls back at. */
function rollbackOf({ policy, buckets }: OwnJudge, scenario: Scenario, traffic: Traffic): number | null {
  const { history, observations } = buckets === 'coarse' ? coarseTraffic(traffic) : traffic;
  const settings = policyOf(scenario, history, policy);
  const fails = (length: number): boolean => judge(settings, observations.slice(0, length)).kind === 'fail';
  const blocksUp = [...blocks.filter((length) => length < observations.length), observations.length];
  if (!blocksUp.some(fails)) return null;
  const one = createJudge(settings);
  return observations.findIndex((observation) => one.push(observation).kind === 'fail') + 1;
}

function coarseTraffic({ history, observations }: Traffic): Traffic {
  return {
    history: history.map(coarse),
    observations: observations.map((one) => ({
      ...one,
      champion: coarse(one.champion!),
      challenger: coarse(one.challenger!),
    })),
  };
}

function rollbackOfPeer(peer: Peer, scenario: Scenario, ticks: readonly PeerTick[]): number | null {
  const run = peer.start({ errorRate: scenario.errorRate, tickMs: scenario.tickMs });
  const at = ticks.findIndex((tick, i) => run.push(tick, ((i + 1) * scenario.tickMs) / 60_000));
  return at === -1 ? null : at + 1;
}

function ticksForPeers(observations: readonly Observation[]): readonly PeerTick[] {
  let minute: [Histogram | null, Histogram | null] = [null, null];
  return observations.map(({ champion, challenger, tickMs }, i) => {
    const counts = {
      n0: champion!.requests,
      x0: champion!.errors,
      n1: challenger!.requests,
      x1: challenger!.errors,
    };
    if (!champion!.latency || !challenger!.latency) return counts;
    minute = [sum(minute[0], champion!.latency), sum(minute[1], challenger!.latency)];
    if (!onTheMinute(((i + 1) * tickMs) / 60_000, 1)) return counts;
    const whole = minute;
    minute = [null, null];
    return { ...counts, latency: (arm, q) => quantileOf(whole[arm]!, q) };
  });
}

function sum(a: Histogram | null, b: Histogram): Histogram {
  return a ? { le: a.le, count: a.count.map((here, i) => here + b.count[i]!) } : b;
}
