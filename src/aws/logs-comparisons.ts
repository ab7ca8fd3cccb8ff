import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import type { Difference } from '../domain/shadow.ts';
import { instant } from '../domain/units.ts';
import type { Comparisons } from '../ports/index.ts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';

/** More would change no row's place, and each page is a call of up to a megabyte. */
const mostFound = 5_000;
/** CloudWatch may answer empty pages while it searches. */
const mostPages = 50;

/** The shadow function's own log: one line for each answer that differed, found by its tag. */
export function createComparisons({ clients }: { readonly clients: Clients }): Comparisons {
  return {
    async differences({ function: target, rollout, from, to }) {
      const client = clients.of(CloudWatchLogsClient);
      const logGroupName = `/aws/lambda/${target.split(':')[0]}`;
      const found: Difference[] = [];
      let token: string | undefined;
      for (let page = 0; page < mostPages && found.length < mostFound; page++) {
        const answer = await attempt(
          { action: 'logs:FilterLogEvents', resource: `log group ${logGroupName}` },
          () =>
            client.send(
              new FilterLogEventsCommand({
                logGroupName,
                startTime: from,
                endTime: to,
                // In quotes: the very words, one after the other.
                filterPattern: `"mlreg shadow differs ${rollout}"`,
                ...(token === undefined ? {} : { nextToken: token }),
              }),
            ),
        );
        for (const { message, timestamp } of answer.events ?? [])
          found.push(...differenceOf(message ?? '', timestamp ?? 0, rollout));
        token = answer.nextToken;
        if (token === undefined || token === '') break;
      }
      const complete = (token === undefined || token === '') && found.length <= mostFound;
      return { found: found.slice(0, mostFound), complete };
    },
  };
}

const lineSchema = z.object({
  rolloutId: z.string(),
  requestId: z.string(),
  difference: z.object({
    direction: z.enum(['up', 'down', 'other']),
    champion: z.string().nullable(),
    challenger: z.string().nullable(),
    distance: z.number().min(0).max(1),
    shown: z.record(z.string(), z.string()),
  }),
});

/** A line that isn't one, or another rollout's, is none: anybody may write into a log. */
function differenceOf(message: string, at: number, rollout: string): readonly Difference[] {
  let value: unknown;
  try {
    // Lambda's runtime may write time and request id before the line.
    value = JSON.parse(message.slice(message.indexOf('{')));
  } catch {
    return [];
  }
  const read = lineSchema.safeParse(value);
  if (!read.success || read.data.rolloutId !== rollout) return [];
  const { requestId, difference } = read.data;
  return [{ ...difference, requestId, at: instant(at) }];
}
