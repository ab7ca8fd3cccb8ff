import { describe, expect, it } from 'vitest';
import { armOf, fractionOf } from '../../../src/router/arm.ts';

// Computed with Python: int.from_bytes(sha256(f"{salt}:{id}".encode()).digest()[:8], "big") / 2**64
const golden: readonly [salt: string, userId: string, fraction: number][] = [
  ['salt-of-r-abc', 'u-0', 0.840947720436255],
  ['salt-of-r-abc', 'u-1', 0.41694477143646297],
  ['salt-of-r-abc', 'u-2', 0.1919984131864354],
  ['salt-of-r-abc', 'u-7', 0.9940432858419472],
  ['s', '42', 0.5161953395137502],
  ['', 'alice', 0.23262323169101048],
  ['salt', 'zoë', 0.6990307770082358],
  ['salt', '用户-7', 0.7328242464727838],
  ['salt', 'a:b', 0.07617516758193611],
  ['other-salt', 'u-2', 0.8617472542352319],
];

describe('fractionOf', () => {
  it.each(golden)('salt %j, user %j -> %d', (salt, userId, fraction) => {
    expect(fractionOf(salt, userId)).toBe(fraction);
  });
});

describe('armOf', () => {
  it.each([
    { percent: 0, arm: 'champion' },
    { percent: 19.19, arm: 'champion' },
    { percent: 19.2, arm: 'challenger' },
    { percent: 100, arm: 'challenger' },
  ])('user u-2 (0.19199...) at $percent % is on the $arm', ({ percent, arm }) => {
    expect(armOf('salt-of-r-abc', percent, 'u-2')).toBe(arm);
  });

  it('gives 100,000 users their share, and never moves one back as the share grows', () => {
    const users = Array.from({ length: 100_000 }, (_, index) => `user-${index}`);
    const onChallenger = (percent: number): Set<string> =>
      new Set(users.filter((user) => armOf('salt-of-r-abc', percent, user) === 'challenger'));
    let before = new Set<string>();
    for (const percent of [1, 10, 50, 99.5, 100]) {
      const now = onChallenger(percent);
      const p = percent / 100;
      const sigma = Math.sqrt(users.length * p * (1 - p));
      expect(Math.abs(now.size - users.length * p), `share at ${percent} %`).toBeLessThanOrEqual(3 * sigma);
      expect(
        [...before].filter((user) => !now.has(user)),
        `moved back at ${percent} %`,
      ).toEqual([]);
      before = now;
    }
  });

  it('draws anew with another salt', () => {
    const users = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);
    const both = users.filter(
      (user) => armOf('a', 10, user) === 'challenger' && armOf('b', 10, user) === 'challenger',
    );
    // 1 % where the draws are independent, 10 % where the salt does nothing: sigma is 10 users.
    expect(both.length).toBeGreaterThan(70);
    expect(both.length).toBeLessThan(130);
  });
});
