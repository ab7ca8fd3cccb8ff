import { z } from 'zod';
import { AwsError } from '../wire/aws-error.ts';
import type { Account } from './account.ts';
import { parseInput, wireInteger } from './input.ts';
import { insightsOperations } from './insights/operations.ts';
import { groupOf, KEPT_EVENTS, type LogStore } from './log-store.ts';
import { answer, type Operations } from './operation.ts';

/** CloudWatch Logs, as much as is needed to look something up and to count: FilterLogEvents and Logs Insights. */
export function logsOperations(account: Account, store: LogStore): Operations {
  return {
    ...insightsOperations(account, store),
    FilterLogEvents(call) {
      const input = parseInput(filterInput, call.input, 'InvalidParameterException');
      const group = groupOf(store, input.logGroupName);
      const matches = matcher(input.filterPattern);
      const { startTime = 0, endTime = Infinity } = input;
      let id = Math.max(Number(input.nextToken ?? 0), group.next - KEPT_EVENTS);
      const events: object[] = [];
      for (; id < group.next && events.length < input.limit; id++) {
        const event = group.events[id % KEPT_EVENTS];
        if (event === undefined || event.at < startTime || event.at > endTime || !matches(event.message))
          continue;
        events.push({
          eventId: String(event.id),
          timestamp: event.at,
          ingestionTime: event.at,
          logStreamName: `local/${input.logGroupName.startsWith('/aws/lambda/') ? '[$LATEST]' : 'AllTraffic/'}${account.accountId}`,
          message: event.message,
        });
      }
      return answer({
        events,
        searchedLogStreams: [],
        ...(id < group.next ? { nextToken: String(id) } : {}),
      });
    },
  };
}

/** Nothing, a word, or one phrase in quotes; no terms together, no JSON, no regular expressions. */
function matcher(pattern: string | undefined): (message: string) => boolean {
  if (pattern === undefined || pattern === '') return () => true;
  const phrase = /^"([^"]*)"$/.exec(pattern)?.[1] ?? /^[\w-]+$/.exec(pattern)?.[0];
  if (phrase === undefined) {
    throw new AwsError('NotImplemented', 501, `Local AWS does not implement the filter pattern ${pattern}`);
  }
  return (message) => message.includes(phrase);
}

const filterInput = z.object({
  logGroupName: z.string().min(1).max(512),
  startTime: wireInteger.optional(),
  endTime: wireInteger.optional(),
  filterPattern: z.string().max(1024).optional(),
  limit: wireInteger.pipe(z.number().min(1).max(10_000)).default(10_000),
  nextToken: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional(),
});
