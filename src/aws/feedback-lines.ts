import * as z from 'zod';
import type { Label } from '../domain/label.ts';
import { bucketCount } from '../domain/user-bucket.ts';

const lineSchema = z.object({
  kind: z.literal('feedback'),
  rolloutId: z.string().optional(),
  feedback: z.object({
    at: z.number(),
    givenAt: z.number(),
    arm: z.enum(['champion', 'challenger', 'weighted', 'tester']),
    version: z.string(),
    bucket: z
      .int()
      .min(0)
      .max(bucketCount - 1)
      .optional(),
    nonce: z.string(),
    value: z.number(),
  }),
});

/** The label of a line of the router's log; undefined where the line is another one. Lambda may write words before it. */
export function labelOf(line: string): Label | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line.slice(line.indexOf('{')));
  } catch {
    return undefined;
  }
  const read = lineSchema.safeParse(value);
  if (!read.success) return undefined;
  const { rolloutId, feedback } = read.data;
  return { ...feedback, bucket: feedback.bucket, rollout: rolloutId };
}
