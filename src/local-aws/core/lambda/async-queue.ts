import { awsMetrics, type AwsMetrics } from '../cloudwatch/aws-metrics.ts';
import type { MetricStore } from '../cloudwatch/metric-store.ts';
import type { FunctionState } from './function-state.ts';
import type { Invoker } from './invoker.ts';
import type { FunctionRegistry } from './registry.ts';

/**
 * Asynchronous invocations: run soon, a failed one again after one minute and two more, a throttled one with growing
 * pauses until it is too old. Attempts, age as PutFunctionEventInvokeConfig says. Events don't outlive this process.
 */
export interface AsyncQueue {
  add(fn: FunctionState, qualifier: string | undefined, payload: string): void;
}

interface Event {
  readonly fn: FunctionState;
  readonly qualifier: string | undefined;
  readonly payload: string;
  readonly receivedAt: number;
  failures: number;
  throttles: number;
}

export function createAsyncQueue(
  registry: FunctionRegistry,
  invoker: Invoker,
  store: MetricStore,
): AsyncQueue {
  const { account } = registry;
  const metrics = new Map<string, AwsMetrics<keyof typeof units>>();
  const count = (event: Event, values: Partial<Record<keyof typeof units, number>>) => {
    const name = event.fn.name;
    const resource = event.qualifier === undefined ? name : `${name}:${event.qualifier}`;
    let found = metrics.get(resource);
    if (found === undefined) {
      const sets = [{}, { FunctionName: name }, { FunctionName: name, Resource: resource }];
      metrics.set(resource, (found = awsMetrics(account, store, 'AWS/Lambda', units, sets)));
    }
    found.record(account.clock.now(), values);
  };
  const again = (event: Event, delayMs: number) =>
    void account.clock.at(account.clock.now() + delayMs, () => void attempt(event));

  const attempt = async (event: Event): Promise<void> => {
    const { fn, qualifier } = event;
    const config = fn.eventInvokes.get(qualifier ?? '$LATEST');
    const ageMs = account.clock.now() - event.receivedAt;
    const tooOld = ageMs > (config?.maximumEventAgeInSeconds ?? 21600) * 1000;
    if (tooOld || registry.functions.get(fn.name) !== fn) {
      count(event, { AsyncEventsDropped: 1 });
      return;
    }
    count(event, { AsyncEventAge: ageMs });
    switch (await outcome(event)) {
      case 'done':
        return;
      case 'throttled':
        again(event, Math.min(1000 * 2 ** event.throttles++, 300_000));
        return;
      case 'failed':
        if (event.failures++ < (config?.maximumRetryAttempts ?? 2)) again(event, event.failures * 60_000);
        else count(event, { AsyncEventsDropped: 1 });
    }
  };
  const outcome = async ({ fn, qualifier, payload }: Event): Promise<'done' | 'throttled' | 'failed'> => {
    try {
      const invoked = await invoker.invoke(fn, qualifier, payload);
      if (invoked.kind === 'throttled') return 'throttled';
      return invoked.result.functionError === undefined ? 'done' : 'failed';
    } catch {
      // No such version any more, or the runtime broke: Lambda's queue treats both as a failed attempt.
      return 'failed';
    }
  };

  return {
    add(fn, qualifier, payload) {
      const event = { fn, qualifier, payload, receivedAt: account.clock.now(), failures: 0, throttles: 0 };
      count(event, { AsyncEventsReceived: 1 });
      void attempt(event);
    },
  };
}

const units = {
  AsyncEventsReceived: 'Count',
  AsyncEventsDropped: 'Count',
  AsyncEventAge: 'Milliseconds',
} as const;
