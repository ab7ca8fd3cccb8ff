import { expect } from 'vitest';
import type { BucketCounts, Observation } from '../../../../src/domain/observation.ts';
import { bucketRanks, bucketsAt } from '../../../../src/domain/user-bucket.ts';
import { instant } from '../../../../src/domain/units.ts';
import { createJudge } from '../../../../src/monitor/judge/judge.ts';
import { exchangeOf } from '../../../../src/monitor/judge/users/exchange.ts';
import { gateRandom } from '../../../../src/monitor/judge/users/random-orders.ts';
import { randomisationTest } from '../../../../src/monitor/judge/users/randomisation.ts';
import { strataTest } from '../../../../src/monitor/judge/users/strata-test.ts';
import { createReplay } from '../../../../src/engine/replay-judge.ts';
import { arm } from '../traffic.ts';
import { countsOf } from './counts.ts';
import { usersPolicy } from './sticky.ts';

/** How many numbers were compared. */
export function userGate(file: any): number {
  let checked = 0;
  const close = (what: string, actual: number, wanted: number): void => {
    checked++;
    expect(Math.abs(actual - wanted), `${what}: ${actual} against ${wanted}`).toBeLessThanOrEqual(
      1e-9 * Math.max(1, Math.abs(wanted)),
    );
  };
  const ranks = bucketRanks(file.salt);
  file.first_ranks.forEach((bucket: number, rank: number) =>
    close(`rank of ${bucket}`, ranks[bucket]!, rank),
  );
  for (const one of file.cases) {
    const exchange = exchangeOf({ ...one, ranks: bucketRanks(one.salt) });
    const { p, excess } = randomisationTest(exchange, gateRandom(one.salt, one.look));
    close(`${one.name} excess`, excess, one.expected.excess);
    close(`${one.name} p`, p, one.expected.p);
  }
  file.strata.forEach((one: any, i: number) =>
    close(`strata ${i}`, strataTest(one.segments, one.margin).p, one.expected.p),
  );
  return checked;
}

/** Whole rollouts, through `createJudge` tick by tick and through `createReplay` as they would be recorded. */
export function userGateRollouts(file: any): number {
  return file.cases.reduce((checked: number, one: any) => checked + userRollout(one), 0);
}

function userRollout(one: any): number {
  const policy = usersPolicy(
    {},
    { steps: one.percents.map((percent: number, i: number) => ({ percent, ticks: one.ticks[i] })) },
  );
  const live = createJudge(policy, { salt: one.salt });
  const recorded: Observation[] = [];
  const asked: { tick: number; told: string }[] = [];
  for (const { observation, counts } of ticksOf(one)) {
    live.step(observation);
    const asks = live.wants();
    if (asks) live.count({ buckets: counts });
    recorded.push(asks ? { ...observation, buckets: counts } : observation);
    const judgement = live.judgement();
    const told = judgement.kind === 'fail' ? judgement.reason.sentence : (judgement.deferred ?? '');
    if (asks) asked.push({ tick: recorded.length, told });
    if (live.failed()) break;
  }
  const found = asked.map(({ tick, told }) => ({ tick, p: Number(/p = ([\d.e-]+)/.exec(told)?.[1] ?? NaN) }));
  // At which tick it is due is the judge's matter; from there on the looks and their p are the gate's.
  const wanted = one.by_due.none ?? one.by_due[found[0]?.tick ?? 0];
  expect(wanted, `${one.name}, due at tick ${found[0]?.tick}`).toBeDefined();
  expect(
    found.map(({ tick }) => tick),
    one.name,
  ).toEqual(wanted.looks.map(([tick]: any) => tick));
  wanted.looks.forEach(([, p]: any, i: number) => {
    if (p !== null) expect(found[i]!.p, `${one.name}, look ${i + 1}`).toBe(Number(p.toPrecision(2)));
  });
  const replay = createReplay({ policy, salt: one.salt, gathersHistory: false, bakes: null });
  for (const observation of recorded) replay.push(observation);
  const { decision, tick } = replay.result();
  expect([decision === 'rollback', tick], one.name).toEqual([
    wanted.rolls_back_at !== null,
    wanted.rolls_back_at ?? recorded.length,
  ]);
  return wanted.looks.length + 1;
}

function* ticksOf(one: any): Generator<{ observation: Observation; counts: BucketCounts }> {
  const ranks = bucketRanks(one.salt);
  let n = 0;
  for (const [i, percent] of one.percents.entries()) {
    const cumulative = new Map<number, [number, number]>();
    for (let left = one.ticks[i]; left > 0; left--) {
      const sums = [0, 1].map(() => ({ n: 0, x: 0, requests: zeros(), errors: zeros() }));
      for (const [bucket, requests, errors] of one.increments[n]) {
        const into = sums[ranks[bucket]! < bucketsAt(percent) ? 1 : 0]!;
        into.n += requests;
        into.x += errors;
        into.requests[bucket % 16]! += requests;
        into.errors[bucket % 16]! += errors;
        const [before, failed] = cumulative.get(bucket) ?? [0, 0];
        cumulative.set(bucket, [before + requests, failed + errors]);
      }
      n++;
      const [champion, challenger] = sums.map(({ n: requests, x, ...strata }) =>
        arm(requests, x, { strata }),
      );
      yield {
        observation: {
          at: instant(n * 10_000),
          tickMs: 10_000,
          plannedPercent: percent,
          champion: champion!,
          challenger: challenger!,
        },
        counts: countsOf(
          [...cumulative].map(([bucket, [requests, errors]]) => [bucket, requests, errors, 0]),
        ),
      };
    }
  }
}

const zeros = (): number[] => new Array<number>(16).fill(0);
