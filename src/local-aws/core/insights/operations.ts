import { z } from 'zod';
import { AwsError } from '../../wire/aws-error.ts';
import type { Account } from '../account.ts';
import { parseInput, wireInteger } from '../input.ts';
import { groupOf, type LogStore } from '../log-store.ts';
import { answer, type Operations } from '../operation.ts';
import { type LogLine, parseQuery, type Query } from './query.ts';

interface Started {
  readonly group: string;
  readonly query: Query;
  readonly input: z.output<typeof startInput>;
  /** A query takes its time: until then it is Running. */
  readonly doneAt: number;
  isStopped: boolean;
}

/** AWS takes from half a second to some seconds. */
const takesMs = 400;
const keptQueries = 100;

/** StartQuery, GetQueryResults, StopQuery: queries that count. What they read is what is there when they are done. */
export function insightsOperations(account: Account, store: LogStore): Operations {
  const queries = new Map<string, Started>();
  const queryOf = (id: string): Started => {
    const found = queries.get(id);
    if (found !== undefined) return found;
    throw new AwsError('ResourceNotFoundException', 400, 'The specified query does not exist.');
  };
  return {
    StartQuery(call) {
      const input = parseInput(startInput, call.input, invalid);
      if (input.startTime > input.endTime) {
        throw new AwsError(invalid, 400, 'End time should not be before start time.');
      }
      groupOf(store, input.logGroupName);
      const query = parseQuery(input.queryString);
      const queryId = account.ids();
      const [oldest] = queries.keys();
      if (queries.size >= keptQueries && oldest !== undefined) queries.delete(oldest);
      const doneAt = account.clock.now() + takesMs;
      queries.set(queryId, { group: input.logGroupName, query, input, doneAt, isStopped: false });
      return answer({ queryId });
    },
    GetQueryResults(call) {
      const { queryId } = parseInput(idInput, call.input, invalid);
      const started = queryOf(queryId);
      if (started.isStopped) return answer({ status: 'Cancelled', results: [], statistics: {} });
      if (account.clock.now() < started.doneAt)
        return answer({ status: 'Running', results: [], statistics: {} });
      const lines = [...linesOf(store, started)];
      const { rows, matched } = started.query.run(lines);
      return answer({
        status: 'Complete',
        results: rows.slice(0, started.input.limit),
        statistics: {
          recordsMatched: matched,
          recordsScanned: lines.length,
          bytesScanned: lines.reduce((bytes, { message }) => bytes + Buffer.byteLength(message), 0),
        },
      });
    },
    StopQuery(call) {
      const { queryId } = parseInput(idInput, call.input, invalid);
      const started = queryOf(queryId);
      const isRunning = !started.isStopped && account.clock.now() < started.doneAt;
      if (!isRunning) throw new AwsError(invalid, 400, 'Query is not in a running state.');
      started.isStopped = true;
      return answer({ success: true });
    },
  };
}

const invalid = 'InvalidParameterException';

function linesOf(store: LogStore, { group, input }: Started): readonly LogLine[] {
  // Whole seconds, both included.
  const [from, to] = [input.startTime * 1_000, input.endTime * 1_000 + 999];
  return groupOf(store, group).events.filter(({ at }) => at >= from && at <= to);
}

const startInput = z.object({
  logGroupName: z.string().min(1).max(512),
  startTime: wireInteger,
  endTime: wireInteger,
  queryString: z.string().max(10_000),
  limit: wireInteger.pipe(z.number().min(1).max(10_000)).default(10_000),
});

const idInput = z.object({ queryId: z.string().min(1).max(256) });
