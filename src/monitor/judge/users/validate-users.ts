import type { ArmTick, BucketCounts, Observation } from '../../../domain/observation.ts';
import type { UserPolicy } from '../../../domain/policy.ts';
import { bucketCount } from '../../../domain/user-bucket.ts';
import { strataCount } from './strata-test.ts';

/** Sums of fractional counts may be off by a rounding. */
const rounding = 1 + 1e-9;
const bucketMembers = ['requests', 'errors', 'slow50', 'slow95', 'slow99', 'refused'] as const;

/** @throws RangeError that names the field: counts that can't be, of an arm's users */
export function checkArmUsers(arm: string, { strata, aside }: ArmTick): void {
  if (aside) checkPair(`${arm}.aside`, aside.requests, aside.errors);
  if (!strata) return;
  for (const name of ['requests', 'errors'] as const) {
    if (strata[name].length !== strataCount)
      throw new RangeError(`${arm}.strata.${name}: ${strata[name].length} entries, expected ${strataCount}`);
  }
  strata.requests.forEach((n, k) => checkPair(`${arm}.strata[${k}]`, n, strata.errors[k]!));
}

/** @throws RangeError that names the field */
export function checkUserCounts({ anonymous, buckets }: Observation): void {
  if (anonymous) checkPair('anonymous', anonymous.requests, anonymous.errors);
  if (buckets) checkBuckets('buckets', buckets);
}

/** @throws RangeError that names the field */
export function checkUserPolicy({ aside, earlier, slowerThanMs }: UserPolicy): void {
  if (earlier) checkBuckets('users.earlier', earlier);
  aside.forEach((bucket, i) => checkBucket(`users.aside[${i}]`, bucket, aside[i - 1]));
  slowerThanMs?.forEach((ms, i) => {
    if (!(ms > 0 && ms < Infinity)) throw new RangeError(`users.slowerThanMs[${i}]: ${ms} is not above 0`);
  });
}

export function checkBuckets(name: string, counts: BucketCounts): void {
  const { id } = counts;
  id.forEach((bucket, i) => checkBucket(`${name}.id[${i}]`, bucket, id[i - 1]));
  for (const member of bucketMembers) {
    const values = counts[member];
    if (values === undefined) continue;
    if (values.length !== id.length)
      throw new RangeError(`${name}.${member}: ${values.length} entries for ${id.length} buckets`);
    values.forEach((value, i) => checkPair(`${name}.${member}[${i}]`, counts.requests[i]!, value));
  }
}

function checkBucket(name: string, bucket: number, before: number | undefined): void {
  if (!(Number.isInteger(bucket) && bucket >= 0 && bucket < bucketCount))
    throw new RangeError(`${name}: ${bucket} is not a whole number from 0 to ${bucketCount - 1}`);
  if (before !== undefined && bucket <= before)
    throw new RangeError(`${name}: ${bucket} does not come after ${before}`);
}

function checkPair(name: string, requests: number, part: number): void {
  for (const value of [requests, part]) {
    if (!(value >= 0 && value < Infinity))
      throw new RangeError(`${name}: ${value} is not a number from 0 up`);
  }
  if (part > requests * rounding) throw new RangeError(`${name}: ${part} of only ${requests} requests`);
}
