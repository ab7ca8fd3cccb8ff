import { describe, expect, it } from 'vitest';
import { instant, percent } from '../../../src/domain/units.ts';
import type { VersionRecord } from '../../../src/domain/registry.ts';
import type { Route } from '../../../src/domain/route.ts';
import { createWarmKeeper, returnEndpointAfter, returnEndpointOf } from '../../../src/runner/keep-warm.ts';
import type { RolloutState } from '../../../src/engine/state.ts';
import { v22, v23 } from '../../support/model-world.ts';

const target = { endpoint: 'old', present: 0, endpoints: ['old', 'new'] };

/** A keeper whose requests are answered when the test says so. */
function keeping(throttled = false) {
  let now = 0;
  const sent: [string, number][] = [];
  let answer: () => void = () => undefined;
  const keeper = createWarmKeeper({
    clock: { now: () => instant(now), sleepUntil: () => new Promise(() => undefined) },
    everyMs: 60_000,
    platform: {
      load: async () => ({ inFlight: 4, most: 20 }),
      warmEndpoint: (endpoint, requests) => {
        sent.push([endpoint, requests]);
        return new Promise((resolve) => {
          answer = () => resolve({ requests, warm: requests, throttled });
        });
      },
    },
  });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    keeper,
    sent,
    async at(seconds: number, given = target) {
      now = seconds * 1_000;
      keeper.keep(given);
      await settle();
    },
    async answers() {
      answer();
      await settle();
    },
  };
}

describe('the endpoint to which users may return', () => {
  it('gets as many requests as everybody would keep busy, once in the given time', async () => {
    const { sent, at, answers } = keeping();
    await at(0);
    await answers();
    await at(59);
    expect(sent).toEqual([['old', 13]]);
    await at(60);
    expect(sent).toEqual([
      ['old', 13],
      ['old', 13],
    ]);
  });

  it('gets fewer where it serves users, who need room as well', async () => {
    const { sent, at } = keeping();
    await at(0, { ...target, present: 1 });
    expect(sent).toEqual([['old', 7]]);
    const other = keeping();
    await other.at(0, { ...target, present: 0.5 });
    expect(other.sent).toEqual([['old', 11]]);
  });

  it('gets none while the last are under way', async () => {
    const { keeper, sent, at, answers } = keeping();
    await at(0);
    await at(200);
    expect([sent.length, keeper.isDue()]).toEqual([1, false]);
    await answers();
    await at(201);
    expect(sent.length).toBe(2);
  });

  it('is left alone for five rounds after a throttle', async () => {
    const { sent, at, answers } = keeping(true);
    await at(0);
    await answers();
    await at(299);
    expect(sent.length).toBe(1);
    await at(300);
    expect(sent.length).toBe(2);
  });

  it('gets them again after the clock was set back', async () => {
    const { sent, at, answers } = keeping();
    await at(1_000);
    await answers();
    await at(500);
    expect(sent.length).toBe(2);
  });

  it('is not missed where a call fails', async () => {
    let calls = 0;
    const keeper = createWarmKeeper({
      clock: { now: () => instant(calls * 60_000), sleepUntil: async () => undefined },
      everyMs: 60_000,
      platform: {
        load: () => Promise.reject(new Error('no metrics')),
        warmEndpoint: () => Promise.reject(new Error('unused')),
      },
    });
    keeper.keep(target);
    await keeper.settled(1_000);
    calls++;
    expect(keeper.isDue()).toBe(true);
  });
});

const split = (share: number): Route => ({
  kind: 'split',
  champion: v22,
  challenger: v23,
  percent: percent(share),
});
const state = (over: object) =>
  ({
    plan: { champion: v22, challenger: v23 },
    phase: 'forward',
    route: split(10),
    endpoints: { [v22]: { name: 'old' }, [v23]: { name: 'new' } },
    ...over,
  }) as unknown as RolloutState;

describe('is', () => {
  it.each([
    { what: "the champion's, from the first moved user on", over: {}, is: { ...target, present: 0.9 } },
    {
      what: "the champion's, when nobody is there",
      over: { route: { kind: 'single', version: v23 } },
      is: target,
    },
    { what: 'none before users move', over: { route: null }, is: null },
    { what: 'none while everybody is there', over: { route: { kind: 'single', version: v22 } }, is: null },
    { what: 'none on a first deploy', over: { plan: { champion: null, challenger: v23 } }, is: null },
    { what: 'none on the way back', over: { phase: 'rolling-back' }, is: null },
    { what: 'none after the end', over: { phase: 'ended' }, is: null },
  ])('$what', ({ over, is }) => {
    expect(returnEndpointOf(state(over))).toEqual(is);
  });

  const at = (seconds: number) => instant(seconds * 1_000);
  const records = (why: 'replaced' | 'verdict') =>
    [
      {
        version: v23,
        status: 'champion',
        statusAt: at(100),
        endpoint: { name: 'new' },
        functionVersion: '8',
      },
      {
        version: v22,
        status: why === 'replaced' ? 'archived' : 'rolled_back',
        statusAt: at(100),
        statusReason: 'x',
        endpoint: { name: 'old', generation: 1 },
        functionVersion: '7',
        services: [
          { functionVersion: '7', endpoint: 'old', since: at(0), left: { at: at(100), why, reason: 'x' } },
        ],
      },
    ] as unknown as readonly VersionRecord[];
  it.each([
    { what: 'the version before the champion', after: 100, is: target },
    { what: 'nobody once that is no longer kept', after: 3_700, is: null },
    { what: 'nobody where users were taken away from it', after: 100, why: 'verdict' as const, is: null },
  ])('after a promotion $what', ({ after, why = 'replaced' as const, is }) => {
    expect(returnEndpointAfter(records(why), at(after), 3_600_000)).toEqual(is);
  });
});
