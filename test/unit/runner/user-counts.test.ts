import { describe, expect, it } from 'vitest';
import { observationLines } from '../../../src/commands/export-observations.ts';
import { readRecording } from '../../../src/commands/observations.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import { bucketOf, bucketRanks } from '../../../src/domain/user-bucket.ts';
import { instant, rolloutId } from '../../../src/domain/units.ts';
import type { UserCounts, UserCountsReading } from '../../../src/ports/index.ts';
import { drive } from '../../../src/runner/drive.ts';
import { start } from '../../../src/runner/own.ts';
import { createReplay } from '../../../src/engine/replay-judge.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
import { modelWorld, policy, seedRegistry, startOf } from '../../support/model-world.ts';
import { arm } from '../judge/traffic.ts';
import { countsOf } from '../judge/users/counts.ts';

const id = rolloutId('r-1');
/** The model world draws this salt. */
const ranks = bucketRanks('salt');
const crowd = Array.from({ length: 300 }, (_, i) => bucketOf(`user ${i}`));
const crowdBuckets = [...new Set(crowd)].sort((a, b) => a - b);
/** A bucket that the challenger gets from 1 % on. */
const bot = ranks.indexOf(7);

type Rates = (bucket: number, isChallenger: boolean) => { readonly n: number; readonly x: number };
/** One client sends a quarter of the requests, and all of them fail. */
const withBot: Rates = (bucket) => (bucket === bot ? { n: 150, x: 150 } : { n: 5, x: failsAnyway(bucket) });
const failsAnyway = (bucket: number): number => (bucket % 17 === 0 ? 1 : 0);
/** Three of five requests fail with the challenger. */
const worse: Rates = (bucket, isChallenger) => ({ n: 5, x: isChallenger ? 3 : failsAnyway(bucket) });

const users = { aside: [], earlier: null, slowerThanMs: null } as const;
const buckets = [...new Set([...crowdBuckets, bot])].sort((a, b) => a - b);

async function rollout(rates: Rates, userCounts: UserCounts | undefined) {
  const world = modelWorld();
  await seedRegistry(world);
  world.reading = (query) => {
    const observations: Observation[] = [];
    for (let at = query.from + query.tickMs; at <= query.to; at += query.tickMs) {
      const of = (isChallenger: boolean) => {
        const strata = { requests: new Array<number>(16).fill(0), errors: new Array<number>(16).fill(0) };
        for (const bucket of buckets) {
          if (ranks[bucket]! < 10 * Number(query.plannedPercent) !== isChallenger) continue;
          const { n, x } = rates(bucket, isChallenger);
          strata.requests[bucket % 16]! += n;
          strata.errors[bucket % 16]! += x;
        }
        const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
        return arm(sum(strata.requests), sum(strata.errors), { strata });
      };
      observations.push({
        at: instant(at),
        tickMs: query.tickMs,
        plannedPercent: Number(query.plannedPercent),
        champion: query.champion === null ? null : of(false),
        challenger: query.challenger === null ? null : of(true),
      });
    }
    return { kind: 'read', observations };
  };
  const settings = {
    policy: {
      ...policy,
      users,
      guardrails: { ...policy.guardrails, errorRate: null, endpointErrorsPerMinute: null },
    },
  };
  const { userCounts: _, ...others } = world.ports;
  const ports = { ...others, ...(userCounts === undefined ? {} : { userCounts }) };
  const journal = await start(ports, id, startOf(settings));
  const outcome = await drive(ports, journal, { signal: new AbortController().signal });
  const entries = await openMemoryStore(world.place).journal(id);
  const observed = entries.flatMap((entry) => (entry.kind === 'observed' ? entry.observations : []));
  return { outcome, entries, observed };
}

/** Buckets of the challenger at 10 %. A worse one comes no further, and beside a bot it makes no difference. */
const challengers = 100;

/** The router's log of those requests. */
function log(rates: Rates): UserCounts & { readonly asked: { from: number; to: number }[] } {
  const asked: { from: number; to: number }[] = [];
  return {
    asked,
    read({ from, to }): Promise<UserCountsReading> {
      asked.push({ from, to });
      const ticks = (to - from) / 1000;
      const rows = buckets.map((bucket) => {
        const { n, x } = rates(bucket, ranks[bucket]! < challengers);
        return [bucket, n * ticks, x * ticks] as const;
      });
      return Promise.resolve({ kind: 'read', counts: countsOf(rows) });
    },
  };
}

const sentenceOf = (outcome: unknown): string => JSON.stringify(outcome);

describe('counts by user bucket in a rollout', () => {
  it('are read when a finding is due, and keep a healthy challenger with a failing client', async () => {
    const source = log(withBot);
    const { outcome, entries, observed } = await rollout(withBot, source);
    expect(sentenceOf(outcome)).toContain('succeeded');
    expect(source.asked.length).toBeGreaterThan(1);
    const counted = observed.filter((tick) => tick.buckets !== undefined);
    expect(counted.map(({ at }) => at)).toEqual(source.asked.map(({ to }) => to));
    const notes = entries.flatMap((entry) => (entry.kind === 'step-done' ? [entry.note] : []));
    expect(notes.join('\n')).toMatch(/explained by which users it got \(p = 0\.\d+\)/);
  });

  it('let a challenger that is worse roll back, and judging the journal again comes to the same p', async () => {
    const { outcome, entries } = await rollout(worse, log(worse));
    const said = sentenceOf(outcome);
    expect(said).toMatch(
      /rolled-back.*not explained by which users it got, p = 0\.0\d+ over \d+ user buckets/,
    );
    const lines = [...observationLines(id, entries)];
    async function* read() {
      await null;
      yield* lines;
    }
    const { header, ticks } = await readRecording(read(), 'rollout.ndjson');
    expect(header.salt).toBe('salt');
    const again = createReplay({
      policy: header.policy!,
      gathersHistory: false,
      bakes: header.bakes,
      salt: header.salt!,
    });
    for await (const { observation } of ticks) again.push(observation);
    const result = again.result();
    expect(result.decision).toBe('rollback');
    expect(said).toContain(JSON.stringify(result.why).slice(1, -1));
  });

  it.each<[string, UserCounts | undefined, RegExp]>([
    ['nobody can read them here', undefined, /for the router’s log can’t be read from here/],
    [
      'access is denied',
      { read: () => Promise.resolve({ kind: 'unreadable', why: 'access is denied', denied: true }) },
      /for access is denied/,
    ],
    [
      'they make no sense',
      { read: () => Promise.resolve({ kind: 'read', counts: countsOf([[3, 1, 2]]) }) },
      /for the counts make no sense: buckets\.errors\[0\]: 2 of only 1 requests/,
    ],
  ])('give way to the strata where %s', async (_, userCounts, sentence) => {
    const { outcome, observed } = await rollout(worse, userCounts);
    expect(sentenceOf(outcome)).toMatch(sentence);
    expect(observed.some((tick) => tick.bucketsUnread !== undefined && tick.buckets === undefined)).toBe(
      true,
    );
  });
});
