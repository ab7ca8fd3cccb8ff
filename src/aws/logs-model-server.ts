import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { withoutValues } from '../domain/aws-words.ts';
import { instant } from '../domain/units.ts';
import { PlatformError } from '../ports/platform.ts';
import type { LogLine, ServerLogs } from '../ports/server-logs.ts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';

/** CloudWatch gives the oldest first, up to 10,000 events or a megabyte a page. */
const mostPages = 50;

/**
 * The log group that SageMaker makes for each endpoint.
 * @param options.secrets values that are never shown: those of the model's variables, which a server may print
 */
export function createServerLogs({
  clients,
  secrets,
}: {
  readonly clients: Clients;
  readonly secrets: readonly string[];
}): ServerLogs {
  return {
    async read({ endpoint, from, limit }) {
      const client = clients.of(CloudWatchLogsClient);
      const logGroupName = `/aws/sagemaker/Endpoints/${endpoint}`;
      let lines: LogLine[] = [];
      let isCut = false;
      let token: string | undefined;
      for (let page = 0; page < mostPages; page++) {
        const nextToken = token;
        const answer = await attempt(
          { action: 'logs:FilterLogEvents', resource: `log group ${logGroupName}` },
          () =>
            client.send(
              new FilterLogEventsCommand({
                logGroupName,
                startTime: from,
                ...(nextToken === undefined ? {} : { nextToken }),
              }),
            ),
        ).catch((error: unknown) => {
          // SageMaker makes the group when the server first prints.
          if (error instanceof PlatformError && error.failure.kind === 'missing')
            return { events: [], nextToken: undefined };
          throw error;
        });
        for (const { message = '', timestamp = 0 } of answer.events ?? [])
          lines.push({ at: instant(timestamp), text: withoutValues(message.trimEnd(), secrets) });
        isCut ||= lines.length > limit;
        lines = lines.slice(-limit);
        token = answer.nextToken;
        if (token === undefined || token === '') return { lines, isCut };
      }
      return { lines, isCut: true };
    },
  };
}
