import * as z from 'zod';
import type { BucketCounts } from '../domain/observation.ts';
import { bucketCount } from '../domain/user-bucket.ts';
import type { Problem } from './observation-problems.ts';

// As in observation-schema.ts, which imports this file before it says so.
z.config({ jitless: true });

const count = z.number().min(0);
const bucket = z
  .int()
  .min(0)
  .max(bucketCount - 1);

/** Requests by user bucket. */
export const bucketsSchema = z.strictObject({
  id: z.array(bucket).readonly(),
  requests: z.array(count).readonly(),
  errors: z.array(count).readonly(),
  slow50: z.array(count).readonly(),
  slow95: z.array(count).readonly(),
  slow99: z.array(count).readonly(),
  refused: z.exactOptional(z.array(count).readonly()),
});

const lists = ['requests', 'errors', 'slow50', 'slow95', 'slow99', 'refused'] as const;

/** Of a plan's policy. */
export const usersSchema = z.looseObject({
  aside: z.array(bucket).readonly(),
  earlier: bucketsSchema.nullable(),
  slowerThanMs: z
    .tuple([z.number().gt(0), z.number().gt(0), z.number().gt(0)])
    .readonly()
    .nullable(),
});

/** Numbers each of which is right, but not beside the others. */
export function userProblems({
  buckets,
}: {
  readonly buckets?: BucketCounts | undefined;
}): readonly Problem[] {
  if (buckets === undefined) return [];
  const falls = buckets.id.findIndex((id, i) => i > 0 && id <= buckets.id[i - 1]!);
  const lengthOf = (name: (typeof lists)[number]): number => (buckets[name] ?? buckets.id).length;
  const short = lists.filter((name) => lengthOf(name) !== buckets.id.length);
  return [
    ...(falls < 0
      ? []
      : [
          {
            path: ['buckets', 'id', falls],
            sentence: `expected growing buckets, ${buckets.id[falls]} comes after ${buckets.id[falls - 1]}`,
          },
        ]),
    ...short.map((name) => ({
      path: ['buckets', name],
      sentence: `expected ${buckets.id.length} entries, one for each bucket, got ${lengthOf(name)}`,
    })),
  ];
}
