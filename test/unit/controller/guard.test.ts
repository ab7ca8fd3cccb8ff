import { expect, it } from 'vitest';
import type { Post } from '../../../src/controller/watched.ts';
import { guard } from '../../../src/controller/guard.ts';
import type { Instant } from '../../../src/domain/units.ts';
import { memorySightings } from '../../../src/store/sightings.ts';
import { actor, modelWorld } from '../../support/model-world.ts';

it.each([
  ['set back by an hour', -3_600_000],
  ['set forward by an hour', 3_600_000],
  ['right', 0],
])('looks again within 2 s where its clock is %s during a look', async (_, ms) => {
  const world = modelWorld();
  const stop = new AbortController();
  const pauses: number[] = [];
  const clock = {
    now: world.ports.clock.now,
    sleepUntil: async (at: Instant) => {
      pauses.push(at - world.ports.clock.now());
      if (pauses.length === 3) stop.abort();
    },
  };
  const { store } = world.ports;
  const post: Post = {
    ports: {
      ...world.ports,
      clock,
      // AWS's answer corrects the clock.
      store: new Proxy(store, {
        get: (from, name: keyof typeof store) => {
          if (name === 'lock' && pauses.length === 0) world.advance(ms);
          return from[name];
        },
      }),
    },
    sightings: memorySightings(),
    actor: actor('controller'),
    silenceMs: 60_000,
    isAlive: () => 'unknown',
  };
  const said: string[] = [];
  await guard({
    watched: async () => ({ post, tidy: () => Promise.reject(new Error('not due')) }),
    clock,
    signal: stop.signal,
    say: (line) => void said.push(line),
  });
  expect(pauses).toHaveLength(3);
  // What lies behind it is no pause at all.
  expect(Math.max(...pauses)).toBeLessThanOrEqual(2_000);
  if (ms <= 0) expect(said).toEqual([]);
});
