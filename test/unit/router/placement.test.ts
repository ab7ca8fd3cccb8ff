import { describe, expect, it } from 'vitest';
import { bucketOf, bucketRanks } from '../../../src/domain/user-bucket.ts';
import { armOf } from '../../../src/router/arm.ts';
import { createPlacement } from '../../../src/router/placement.ts';
import { parseRoute } from '../../../src/router/route.ts';
import { route, weightedEnv } from './harness.ts';

const placing = (more: object) =>
  createPlacement({ kind: 'sticky', route: parseRoute(JSON.stringify({ ...route, ...more })) });
const buckets = { assign: 'buckets-1' };
const users = Array.from({ length: 20_000 }, (_, i) => `user-${i}`);

describe('assignment by buckets', () => {
  it('gives the challenger exactly the buckets of the lowest ranks, to a tenth of a per cent', () => {
    const ranks = bucketRanks(route.salt);
    for (const [percent, share] of [
      [0.1, 1],
      [1, 10],
      [10, 100],
      [12.3, 123],
      [50, 500],
      [99.9, 999],
      [100, 1_000],
    ] as const) {
      const place = placing({ ...buckets, percent });
      const served = new Set(
        users.filter((user) => place(user).name === 'challenger').map((user) => bucketOf(user)),
      );
      const expected = ranks.flatMap((rank, bucket) => (rank < share ? [bucket] : []));
      expect(
        [...served].sort((a, b) => a - b),
        `${percent} %`,
      ).toEqual(expected);
    }
  });

  it('moves nobody back as the share grows', () => {
    let before = new Set<string>();
    for (const percent of [0.1, 1, 10, 33.3, 50, 99.9, 100]) {
      const place = placing({ ...buckets, percent });
      const now = new Set(users.filter((user) => place(user).name === 'challenger'));
      expect([...before].filter((user) => !now.has(user))).toEqual([]);
      before = now;
    }
  });

  it('keeps the users of a route that was published before where its hash put them', () => {
    const place = placing({ percent: 10 });
    for (const user of users.slice(0, 2_000)) {
      expect(place(user).name).toBe(armOf(route.salt, 10, user));
      expect(place(user).counted).toEqual({ as: 'compared', bucket: bucketOf(user) });
    }
  });

  it('tags the users of buckets that are set aside, on whichever arm', () => {
    const aside = [...new Set(users.slice(0, 50).map(bucketOf))].slice(0, 20);
    const place = placing({ ...buckets, percent: 50, aside });
    const tagged = users.filter((user) => place(user).counted.as === 'aside');
    expect(new Set(tagged.map(bucketOf))).toEqual(new Set(aside));
    expect(new Set(tagged.map((user) => place(user).name))).toEqual(new Set(['champion', 'challenger']));
  });

  it('places who has no id with the champion, and in no arm', () => {
    const nobody = {
      name: 'champion',
      arm: route.champion,
      counted: { as: 'anonymous', bucket: undefined },
    };
    expect(placing({ ...buckets, percent: 100 })(undefined)).toMatchObject(nobody);
    expect(placing({ percent: 100 })(undefined)).toMatchObject(nobody);
    expect(placing({ challenger: undefined, percent: 0 })(undefined)).toMatchObject(nobody);
  });

  it('counts by bucket where there is no challenger as well: that is the earlier period of the next rollout', () => {
    expect(placing({ challenger: undefined, percent: 0 })('user-1')).toMatchObject({
      name: 'champion',
      counted: { as: 'compared', bucket: bucketOf('user-1') },
    });
  });

  it('tells nobody apart under weighted routing', () => {
    const arm = { version: weightedEnv.MODEL_VERSION, endpoint: weightedEnv.SAGEMAKER_ENDPOINT };
    expect(createPlacement({ kind: 'weighted', arm })('user-1')).toEqual({
      name: 'weighted',
      arm,
      counted: { as: 'compared', bucket: undefined },
    });
  });

  it.each([{ assign: 'buckets-2' }, { assign: 1 }, { aside: [1_000] }, { aside: [-1] }, { aside: 'x' }])(
    'refuses %j rather than guessing who is meant',
    (more) => {
      expect(() => parseRoute(JSON.stringify({ ...route, ...more }))).toThrow('MLREG_ROUTE.');
    },
  );
});
