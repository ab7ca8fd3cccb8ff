import type { FunctionRuntime, FunctionSnapshot, InvocationResult } from '../../seams.ts';
import { functionArn } from '../arn.ts';
import { awsMetrics, type AwsMetrics } from '../cloudwatch/aws-metrics.ts';
import type { MetricStore } from '../cloudwatch/metric-store.ts';
import { conflict } from './errors.ts';
import { isPending } from './function-document.ts';
import type { FunctionConfig, FunctionState } from './function-state.ts';
import type { FunctionRegistry } from './registry.ts';

export type Invoked =
  | {
      readonly kind: 'ok';
      readonly requestId: string;
      readonly version: FunctionSnapshot;
      readonly durationMs: number;
      readonly result: InvocationResult;
    }
  | { readonly kind: 'throttled'; readonly reason: string };

/** Lambda's front end: picks the version by alias and weights, keeps concurrency limits, counts, then runs. */
export interface Invoker {
  /** @throws AwsError where there is no such version or alias, or it is still being created */
  invoke(fn: FunctionState, qualifier: string | undefined, payload: string): Promise<Invoked>;
}

export function createInvoker(
  registry: FunctionRegistry,
  runtime: FunctionRuntime,
  store: MetricStore,
  logged: (version: FunctionSnapshot, lines: readonly string[]) => void,
): Invoker {
  const { account } = registry;
  const inFlight = new Map<string, number>();
  const metrics = new Map<string, AwsMetrics<MetricName>>();

  const metricsOf = (
    name: string,
    qualifier: string | undefined,
    executed: string,
  ): AwsMetrics<MetricName> => {
    const key = `${name}:${qualifier ?? ''}:${executed}`;
    let found = metrics.get(key);
    if (found === undefined) {
      found = awsMetrics(account, store, 'AWS/Lambda', units, dimensionSets(name, qualifier, executed));
      metrics.set(key, found);
    }
    return found;
  };
  /** Concurrency that functions without a reservation share, and how much of it is in use. */
  const unreserved = () => {
    let limit = account.settings.accountConcurrency;
    let used = 0;
    for (const fn of registry.functions.values()) {
      if (fn.reservedConcurrency === undefined) used += inFlight.get(fn.name) ?? 0;
      else limit -= fn.reservedConcurrency;
    }
    return { limit, used };
  };
  const refusal = (fn: FunctionState): string | undefined => {
    if (fn.reservedConcurrency !== undefined) {
      const full = (inFlight.get(fn.name) ?? 0) >= fn.reservedConcurrency;
      return full ? 'ReservedFunctionConcurrentInvocationLimitExceeded' : undefined;
    }
    const { limit, used } = unreserved();
    return used >= limit ? 'ConcurrentInvocationLimitExceeded' : undefined;
  };

  return {
    async invoke(fn, qualifier, payload) {
      const config = draw(registry, fn, qualifier);
      const counts = metricsOf(fn.name, qualifier, config.version);
      const startedAt = account.clock.now();
      const reason = refusal(fn);
      if (reason !== undefined) {
        // A throttled call is neither an invocation nor an error.
        counts.record(startedAt, { Throttles: 1 });
        return { kind: 'throttled', reason };
      }
      const concurrent = (inFlight.get(fn.name) ?? 0) + 1;
      inFlight.set(fn.name, concurrent);
      try {
        const version = registry.snapshot(fn, config);
        const requestId = account.ids();
        const invokedFunctionArn = functionArn(account, fn.name, qualifier);
        const result = limited(await runtime.invoke(version, { requestId, payload, invokedFunctionArn }));
        const durationMs = account.clock.now() - startedAt;
        counts.record(startedAt, {
          Invocations: 1,
          Errors: result.functionError === undefined ? 0 : 1,
          Throttles: 0,
          Duration: durationMs,
          ConcurrentExecutions: concurrent,
        });
        logged(version, result.logs);
        return { kind: 'ok', requestId, version, durationMs, result };
      } catch (error) {
        // The data plane has a last limit of its own.
        if (!(error instanceof Error) || error.name !== 'TooManyRequestsException') throw error;
        counts.record(startedAt, { Throttles: 1 });
        return { kind: 'throttled', reason: 'ConcurrentInvocationLimitExceeded' };
      } finally {
        inFlight.set(fn.name, (inFlight.get(fn.name) ?? 1) - 1);
      }
    },
  };
}

type MetricName = keyof typeof units;

const units = {
  Invocations: 'Count',
  Errors: 'Count',
  Throttles: 'Count',
  Duration: 'Milliseconds',
  ConcurrentExecutions: 'Count',
} as const;

const MOST_RESPONSE_BYTES = 6 * 1024 * 1024 + 100;

/** The version that this request goes to: an alias's weights are drawn anew for each request. */
function draw(registry: FunctionRegistry, fn: FunctionState, qualifier: string | undefined): FunctionConfig {
  const { account } = registry;
  let version = qualifier;
  const alias = qualifier === undefined ? undefined : fn.aliases.get(qualifier);
  if (alias !== undefined) {
    const [second] = Object.entries(alias.weights);
    version = second !== undefined && account.random() < second[1] ? second[0] : alias.functionVersion;
  }
  const config = version === undefined || version === '$LATEST' ? fn.serving : registry.configOf(fn, version);
  if (isPending(config, account.clock.now())) {
    throw conflict(
      'The operation cannot be performed at this time. The function is currently in the following state: Pending',
    );
  }
  return config;
}

/** As AWS: by account, function, resource; by executed version for aliases only. */
function dimensionSets(
  FunctionName: string,
  qualifier: string | undefined,
  executed: string,
): Record<string, string>[] {
  const Resource = qualifier === undefined ? FunctionName : `${FunctionName}:${qualifier}`;
  const sets: Record<string, string>[] = [{}, { FunctionName }, { FunctionName, Resource }];
  const isAlias = qualifier !== undefined && qualifier !== executed;
  return isAlias ? [...sets, { FunctionName, Resource, ExecutedVersion: executed }] : sets;
}

function limited(result: InvocationResult): InvocationResult {
  const size = result.payload.length > MOST_RESPONSE_BYTES / 4 ? Buffer.byteLength(result.payload) : 0;
  if (size <= MOST_RESPONSE_BYTES) return result;
  const errorMessage = `Response payload size (${size} bytes) exceeded maximum allowed payload size (${MOST_RESPONSE_BYTES} bytes).`;
  const payload = JSON.stringify({ errorMessage, errorType: 'Function.ResponseSizeTooLarge' });
  return { ...result, payload, functionError: 'Unhandled' };
}
