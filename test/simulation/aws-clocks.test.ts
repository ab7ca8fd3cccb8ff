import { describe, expect, it } from 'vitest';
import { levels } from './levels.ts';
import { play } from './simulate.ts';
import { type Story, tellBriefly } from './story.ts';
import type { Swarm } from './faults.ts';

/** One deploy of a challenger that fails every second request. Nothing goes wrong but the machines' clocks. */
function story(seed: number, rate: number): Story {
  const told = tellBriefly(seed);
  const none = Object.fromEntries(Object.keys(told.swarm).map((name) => [name, 0])) as Swarm;
  const { first: _first, lost: _lost, loses: _loses, revoked: _revoked, swap: _swap, ...rest } = told;
  const { onBreach: _breach, strategies: _strategies, ...manner } = told.manner;
  return {
    ...rest,
    swarm: { ...none, clocks: rate },
    skewed: rate > 0,
    windows: [],
    bad: true,
    ops: [
      { key: 'op 0', at: 0, kind: 'deploy' },
      { key: 'op 1', at: 1_000, kind: 'controller' },
    ],
    manner: { ...manner, approvals: 0 },
    endpointFate: { kind: 'ready', afterMs: 1_000 },
    requestsPerTick: 400,
    horizonMs: 60_000,
  };
}

const { level } = levels.aws;

describe('machines whose clocks are wrong by up to a day, from the start, for seconds or for good', () => {
  // L1: users leave it within 20 s, as they do where all clocks are right. I20: no time that mlreg goes by is off.
  it.each(Array.from({ length: 24 }, (_, i) => 4_200 + i))(
    'keep no rollback waiting: seed %i',
    async (seed) => {
      const run = await play(story(seed, 0.3), { level });
      expect(run.violation).toBeNull();
      expect(run.situations.get('canary rolled-back')).toBeGreaterThan(0);
      expect(run.situations.get('a breach ended')).toBeGreaterThan(0);
      expect(run.faults.some(({ kind }) => kind.startsWith('clock'))).toBe(true);
    },
  );

  it('do the same again, call for call', async () => {
    const [one, other] = [await play(story(4_200, 0.3), { level }), await play(story(4_200, 0.3), { level })];
    expect(one.hash).toBe(other.hash);
    expect(one.faults).toEqual(other.faults);
  });
});
