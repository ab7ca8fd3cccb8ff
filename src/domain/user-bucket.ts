import { hash } from 'node:crypto';

export const bucketCount = 1000;

/**
 * The bucket of a user, 0 to 999: never salted, so it is the same in every rollout and environment. The first eight bytes
 * of SHA-256("mlreg-bucket-1:" + id), big-endian, over 2^64, times 1000; 999 where the fraction rounds to 1.
 * @param userId the id's text: raw digits of a JSON number, Unicode NFC
 */
export function bucketOf(userId: string): number {
  const digest = hash('sha256', `mlreg-bucket-1:${userId}`, 'buffer');
  const fraction = digest.readUInt32BE(0) / 2 ** 32 + digest.readUInt32BE(4) / 2 ** 64;
  return Math.min(bucketCount - 1, Math.floor(fraction * bucketCount));
}

/**
 * Rank of each bucket in a rollout, by bucket: the order by SHA-256(`salt:bucket`) as bytes, ascending, ties by bucket. A
 * share of P % gives the buckets of rank below round(10 P) to the challenger, so growing moves nobody back.
 * Source: section 10.1 of the method.
 */
export function bucketRanks(salt: string): readonly number[] {
  const keyed = Array.from({ length: bucketCount }, (_, bucket) => ({
    bucket,
    key: hash('sha256', `${salt}:${bucket}`, 'buffer'),
  }));
  keyed.sort((a, b) => Buffer.compare(a.key, b.key) || a.bucket - b.bucket);
  const ranks = new Array<number>(bucketCount).fill(0);
  keyed.forEach(({ bucket }, rank) => {
    ranks[bucket] = rank;
  });
  return ranks;
}

/** How many buckets a share of `percent` gives to the challenger. */
export const bucketsAt = (percent: number): number => Math.round(10 * percent);
