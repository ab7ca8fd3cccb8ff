import * as z from 'zod';
import type { ArmTick } from '../domain/observation.ts';
import type { JudgePolicy } from '../domain/policy.ts';
import type { Problem } from './observation-problems.ts';
import { bucketsSchema, usersSchema } from './user-count-schema.ts';

// Compiling validators costs more than it saves a command that reads one small file.
z.config({ jitless: true });

const count = z.number().min(0);
const share = z.number().min(0).max(1);
const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/)
  .refine((text) => Number.isFinite(Date.parse(text)));

const pair = z.strictObject({ requests: count, errors: count });
const strata = z.array(count).length(16);

export const armSchema = z.strictObject({
  requests: count,
  errors: count,
  throttles: count.default(0),
  latency: z.exactOptional(
    z.strictObject({ le: z.array(z.number().gt(0)).min(1), count: z.array(count).min(1) }),
  ),
  meanLatencyMs: z.exactOptional(count),
  endpointErrors: z.exactOptional(count),
  strata: z.exactOptional(z.strictObject({ requests: strata, errors: strata })),
  aside: z.exactOptional(pair),
  refused: z.exactOptional(count),
});

const copiesSchema = z.strictObject({
  sent: count,
  dropped: count,
  compared: count,
  disagreed: count,
  distance: count,
  duplicates: count,
});

/** What arrived of an earlier tick. */
const lateSchema = z.strictObject({
  at: time,
  plannedPercent: z.number().min(0).max(100),
  champion: pair.nullable().default(null),
  challenger: pair.nullable().default(null),
  beside: pair.nullable().default(null),
});

/** A line after the first. */
export const tickSchema = z.strictObject({
  /** The tick's end. */
  at: time,
  plannedPercent: z.number().min(0).max(100),
  champion: armSchema.nullable().default(null),
  challenger: armSchema.nullable().default(null),
  straddlesChange: z.exactOptional(z.boolean()),
  copies: z.exactOptional(copiesSchema),
  anonymous: z.exactOptional(pair),
  buckets: z.exactOptional(bucketsSchema),
  bucketsUnread: z.exactOptional(z.string()),
  quiet: z.exactOptional(z.literal(true)),
  late: z.exactOptional(z.array(lateSchema)),
});

export type TickLine = z.output<typeof tickSchema>;

const margin = z.looseObject({ ratio: z.number().min(1), difference: share, slower: count });
const limit = (value: z.ZodNumber) => value.nullable();
const probability = z.number().gt(0).lt(1);

/** As the journal has it. Loose: what a newer mlreg adds is kept, and what it needs is checked. */
const policySchema = z.looseObject({
  alpha: probability,
  alphaPromote: probability,
  tickMs: z.number().gt(0),
  steps: z.array(z.strictObject({ percent: z.number().min(0).max(100), ticks: count })).readonly(),
  warmUpMs: count,
  minimumBakeMs: count,
  minimumTicks: count,
  rollbackMargin: margin,
  promoteMargin: margin,
  guardrails: z.looseObject({
    errorRate: limit(probability),
    meanLatencyMs: limit(z.number().gt(0)),
    endpointErrorRate: z.exactOptional(limit(probability)),
    endpointErrorsPerMinute: limit(z.number().gt(0)),
    throttleRate: limit(probability),
    alarm: z.exactOptional(z.object({ m: z.int().min(1), of: z.int().min(1) }).nullable()),
  }),
  disagreement: z.exactOptional(probability),
  scope: z.enum(['attributable', 'absolute']),
  noise: z.enum(['robust', 'independent']),
  detectableRatio: z.number().gt(1),
  detectableSlower: z.exactOptional(z.number().gt(1)),
  history: z.array(armSchema).readonly(),
  historyTickMs: z.number().gt(0),
  users: z.exactOptional(usersSchema),
  refusedMore: z.exactOptional(limit(z.number().gt(0).lt(1))),
  lastWeek: z.exactOptional(z.array(pair.nullable()).length(24).readonly()),
}) satisfies z.ZodType<JudgePolicy>;

/** The first line. */
export const headerSchema = z.strictObject({
  format: z.literal('mlreg-observations/1'),
  tickSeconds: z.number().gt(0),
  rollout: z.exactOptional(z.string()),
  salt: z.exactOptional(z.string()),
  policy: z.exactOptional(policySchema),
  bakes: z.exactOptional(
    z.array(
      z.strictObject({
        percent: z.number().min(0).max(100),
        from: time,
        over: time.nullable(),
        extendSeconds: count,
        final: z.boolean(),
        onInconclusive: z.enum(['hold', 'extend', 'promote', 'rollback']),
      }),
    ),
  ),
});

/** Sums of fractional counts may be off by a rounding. */
const rounding = 1 + 1e-9;

/** Of a shadow's copies likewise. */
export function copiesProblems({ copies }: TickLine): readonly Problem[] {
  if (copies === undefined || copies.disagreed <= copies.compared * rounding) return [];
  return [
    {
      path: ['copies', 'disagreed'],
      sentence: `${copies.disagreed} of only ${copies.compared} compared: expected no more`,
    },
  ];
}

/** Numbers each of which is right, but not beside the others. */
export function armProblems(arm: string, tick: ArmTick | null): readonly Problem[] {
  if (tick === null) return [];
  const problems: Problem[] = [];
  if (tick.errors > tick.requests * rounding) {
    problems.push({
      path: [arm, 'errors'],
      sentence: `${tick.errors} of only ${tick.requests} requests: expected no more errors than requests`,
    });
  }
  if (tick.latency !== undefined) {
    const { le, count: counts } = tick.latency;
    if (counts.length !== le.length + 1) {
      problems.push({
        path: [arm, 'latency', 'count'],
        sentence: `expected ${le.length + 1} entries, one more than le (the last is slower than every edge), got ${counts.length}`,
      });
    }
    const falls = le.findIndex((edge, index) => index > 0 && edge <= (le[index - 1] ?? 0));
    if (falls > 0) {
      problems.push({
        path: [arm, 'latency', 'le', falls],
        sentence: `expected growing milliseconds, ${le[falls]} comes after ${le[falls - 1]}`,
      });
    }
  }
  return problems;
}
