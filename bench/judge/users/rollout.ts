import type { ArmTick, BucketCounts, Observation } from '../../../src/domain/observation.ts';
import type { JudgePolicy, UserPolicy } from '../../../src/domain/policy.ts';
import { bucketRanks, bucketsAt } from '../../../src/domain/user-bucket.ts';
import { instant } from '../../../src/domain/units.ts';
import { createJudge, type Judge } from '../../../src/monitor/judge/judge.ts';
import { keptHistory } from '../../../src/monitor/judge/users/kept-history.ts';
import { setAside } from '../../../src/monitor/judge/users/set-aside.ts';
import { defaults } from '../contestants.ts';
import { createRandom, type Random } from '../random.ts';
import { policyOf } from '../simulate.ts';
import { medianMs, quantileOf, sigma } from '../traffic.ts';
import { createArmTable, createBucketTable } from './counts.ts';
import { drawPopulation, type PopulationKind, userSampler } from './population.ts';

/** One kind of rollout: a canary of 10 and 50 % under sticky routing. */
export interface UserScenario {
  readonly population: PopulationKind;
  readonly perSecond: number;
  /** Minutes at each share. */
  readonly bakeMinutes: number;
  /** Requests have a latency, the challenger's times this. */
  readonly latency?: number;
  /** Share of the users replaced at the begin of each hour. */
  readonly churn?: number;
}

/** `judge`: on all requests, without a gate. `kept`: without those of set-aside buckets. `gate`: as it is. `strata`: its log can't be read. */
export const variants = ['judge', 'kept', 'gate', 'strata'] as const;
export type Variant = (typeof variants)[number];

export interface RolloutOutcome {
  /** Minutes until the rollback; null: none. */
  readonly at: number | null;
  readonly reason: string | null;
  /** Bakes that ended without a pass because of a doubt, though they had the power: the rollout is held. */
  readonly held: number;
  /** A finding was due behind a closed gate at the end of a bake. */
  readonly deferred: boolean;
  /** Times that counts by bucket were read. */
  readonly reads: number;
}

const tickMs = 10_000;
const historyMinutes = 180;
const shares = [10, 50] as const;

export function simulateRollout(
  scenario: UserScenario,
  which: readonly Variant[],
  words: readonly number[],
): ReadonlyMap<Variant, RolloutOutcome> {
  const random = createRandom(...words);
  const salt = `bench ${words.join(' ')}`;
  let population = drawPopulation(scenario.population, random);
  let sample = userSampler(population, random);
  const timed = scenario.latency !== undefined;
  const msOf = (user: number, factor: number): number =>
    timed ? medianMs * factor * population.speed[user]! * Math.exp(sigma * random.normal()) : 0;

  const history: ArmTick[] = [];
  const arm = createArmTable(timed);
  const table = createBucketTable();
  const slowerThanMs = timed ? thresholds(random, sample, msOf) : null;
  const slow = (ms: number, factor: number): number =>
    slowerThanMs === null
      ? 0
      : slowerThanMs.reduce((above, limit) => above + (ms > factor * limit ? 1 : 0), 0);
  for (let minute = 0; minute < historyMinutes; minute++) {
    if (minute > 0 && minute % 60 === 0) replaceSome();
    for (let left = random.poisson(60 * scenario.perSecond); left > 0; left--) {
      const user = sample();
      const failed = random.uniform() < population.error[user]!;
      const ms = msOf(user, 1);
      arm.add(population.bucket[user]!, failed, ms, false);
      table.add(population.bucket[user]!, failed, slow(ms, 1));
    }
    history.push(plain(arm.take().all));
  }
  const earlier = table.counts();
  table.clear();
  const aside = setAside(earlier).buckets;
  const users: UserPolicy = { aside, earlier, slowerThanMs };
  const runs = which.map((variant) => createRun(variant, scenario, history, users, salt));

  const ranks = bucketRanks(salt);
  const asideSet = new Set(aside);
  const arms = [createArmTable(timed), createArmTable(timed)] as const;
  const perBake = (scenario.bakeMinutes * 60_000) / tickMs;
  let n = 0;
  for (const percent of shares) {
    table.clear();
    const first = bucketsAt(percent);
    for (let tick = 1; tick <= perBake; tick++) {
      n++;
      if ((n * tickMs) % 3_600_000 === tickMs) replaceSome();
      for (let left = random.poisson((scenario.perSecond * tickMs) / 1000); left > 0; left--) {
        const user = sample();
        const bucket = population.bucket[user]!;
        const isChallenger = ranks[bucket]! < first;
        const failed =
          random.uniform() < (isChallenger ? population.challengerError : population.error)[user]!;
        const ms = msOf(user, isChallenger ? (scenario.latency ?? 1) : 1);
        arms[isChallenger ? 1 : 0].add(bucket, failed, ms, asideSet.has(bucket));
        table.add(bucket, failed, slow(ms, isChallenger ? 1.1 : 1));
      }
      const [champion, challenger] = [arms[0].take(), arms[1].take()];
      const common = { at: instant(n * tickMs), tickMs, plannedPercent: percent };
      const kept = { ...common, champion: champion.kept, challenger: challenger.kept };
      const all = { ...common, champion: plain(champion.all), challenger: plain(challenger.all) };
      for (const run of runs) run.step(run.variant === 'judge' ? all : kept, tick === perBake, table.counts);
      if (runs.every((run) => run.isOver())) break;
    }
  }
  return new Map(runs.map((run) => [run.variant, run.outcome()]));

  /** New users in old users' place, with their requests and rates. */
  function replaceSome(): void {
    if (!scenario.churn) return;
    const fresh = drawPopulation(scenario.population, random);
    population = {
      ...population,
      bucket: population.bucket.slice(),
      error: population.error.slice(),
      challengerError: population.challengerError.slice(),
      speed: population.speed.slice(),
    };
    for (let user = 0; user < population.share.length; user++) {
      if (random.uniform() >= scenario.churn) continue;
      for (const member of ['bucket', 'error', 'challengerError', 'speed'] as const)
        population[member][user] = fresh[member][user]!;
    }
    sample = userSampler(population, random);
  }
}

/** As routers report that count no users. */
const plain = ({ strata: _, aside: __, ...tick }: ArmTick): ArmTick => tick;

/** The champion's p50, p95 and p99 on bucket edges, from 100,000 requests. */
function thresholds(
  random: Random,
  sample: () => number,
  msOf: (user: number, factor: number) => number,
): readonly [number, number, number] {
  const arm = createArmTable(true);
  for (let i = 0; i < 100_000; i++) arm.add(0, false, msOf(sample(), 1), false);
  const { latency } = arm.take().all;
  const edge = (q: number): number => {
    const ms = quantileOf(latency!, q) ?? latency!.le.at(-1)!;
    return latency!.le.find((le) => le >= ms) ?? latency!.le.at(-1)!;
  };
  return [edge(0.5), edge(0.95), edge(0.99)];
}

function createRun(
  variant: Variant,
  scenario: UserScenario,
  history: readonly ArmTick[],
  users: UserPolicy,
  salt: string,
) {
  const ticks = (scenario.bakeMinutes * 60_000) / tickMs;
  const policy: JudgePolicy = {
    ...policyOf({ share: 0.1, tickMs }, history, defaults.policy),
    steps: shares.map((percent) => ({ percent, ticks })),
    guardrails: { errorRate: 0.05, meanLatencyMs: 1000, endpointErrorsPerMinute: null, throttleRate: 0.1 },
    ...(variant === 'gate' || variant === 'strata' ? { users } : {}),
  };
  const judge: Judge = createJudge(variant === 'kept' ? keptPolicy(policy, users) : policy, { salt });
  let outcome: RolloutOutcome = { at: null, reason: null, held: 0, deferred: false, reads: 0 };
  const start = 0;
  return {
    variant,
    isOver: () => outcome.at !== null,
    outcome: () => outcome,
    step(observation: Observation, bakeEnds: boolean, counts: () => BucketCounts) {
      if (outcome.at !== null) return;
      judge.step(observation);
      const asks = judge.wants();
      if (asks) {
        judge.count(
          variant === 'gate' ? { buckets: counts() } : { bucketsUnread: 'nobody may read the log' },
        );
        outcome = { ...outcome, reads: outcome.reads + 1 };
      }
      const failed = judge.failed();
      if (failed) outcome = { ...outcome, at: (observation.at - start) / 60_000, reason: failed.rule };
      if (failed || !bakeEnds) return;
      const judgement = judge.judgement();
      const isHeld = judgement.kind === 'insufficient' && !judgement.why.startsWith('too few');
      outcome = {
        ...outcome,
        held: outcome.held + (isHeld ? 1 : 0),
        deferred: outcome.deferred || judgement.deferred !== undefined,
      };
    },
  };
}

/** The same history that the gate's judge has, without comparing users. */
function keptPolicy(policy: JudgePolicy, users: UserPolicy): JudgePolicy {
  const { users: _, ...rest } = { ...policy, users };
  return { ...rest, history: keptHistory({ ...policy, users }) };
}
