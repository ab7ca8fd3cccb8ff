import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketCount, bucketOf, bucketRanks, bucketsAt } from '../../../src/domain/user-bucket.ts';

describe('bucketOf', () => {
  // By Python: int.from_bytes(sha256(b"mlreg-bucket-1:" + id).digest()[:8], "big") * 1000 // 2**64
  it.each([
    ['alice', 863],
    ['user-42', 979],
    ['17', 577],
    ['é', 336],
    ['', 518],
    ['山田', 454],
  ])('puts %j into bucket %i', (id, bucket) => {
    expect(bucketOf(id)).toBe(bucket);
  });

  it('spreads users evenly', () => {
    const users = 100_000;
    const counts = new Array<number>(bucketCount).fill(0);
    for (let user = 0; user < users; user++) counts[bucketOf(`user-${user}`)]!++;
    const expected = users / bucketCount;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // Chi-square with 999 degrees of freedom: mean 999, standard deviation 44.7.
    expect(Math.abs(chiSquare - 999)).toBeLessThan(5 * 44.7);
  });
});

describe('bucketRanks', () => {
  it('ranks each bucket once, and anew with another salt', () => {
    fc.assert(
      fc.property(fc.string(), (salt) => {
        const ranks = bucketRanks(salt);
        expect([...ranks].sort((a, b) => a - b)).toEqual([...ranks.keys()]);
      }),
      { numRuns: 20 },
    );
    expect(bucketRanks('one')).not.toEqual(bucketRanks('two'));
  });

  it('gives shares exact to 0.1 %, of buckets', () => {
    const ranks = bucketRanks('salt');
    for (const percent of [0, 0.1, 10, 33.3, 50, 99.9, 100]) {
      const served = ranks.filter((rank) => rank < bucketsAt(percent)).length;
      expect(served).toBe(Math.round(percent * 10));
    }
  });

  it.each([
    [0.01, 0],
    [0.04, 0],
    [0.05, 1],
    [0.1, 1],
    [0.14, 1],
  ])('gives a share of %d %% to %i buckets: never more users than the nearest tenth', (percent, buckets) => {
    expect(bucketsAt(percent)).toBe(buckets);
  });
});
