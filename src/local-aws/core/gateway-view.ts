import type { GatewayView } from '../seams.ts';
import { AwsError } from '../wire/aws-error.ts';
import type { Account } from './account.ts';
import { routeAuthorizer } from './apigateway/authorizers.ts';
import { resolveRoute } from './apigateway/resolve-route.ts';
import { executeApiArn } from './arn.ts';
import { awsMetrics, type AwsMetrics } from './cloudwatch/aws-metrics.ts';
import type { MetricStore } from './cloudwatch/metric-store.ts';
import type { Invoker } from './lambda/invoker.ts';
import { gatewayMayInvoke } from './lambda/permissions.ts';
import { parseReference, type FunctionRegistry } from './lambda/registry.ts';
import type { State } from './state.ts';

/** What the HTTP gateway of the data plane sees of the control plane, at every request. */
export function createGatewayView(
  account: Account,
  { apis, authorizers }: Pick<State, 'apis' | 'authorizers'>,
  registry: FunctionRegistry,
  invoker: Invoker,
  store: MetricStore,
): GatewayView {
  const metrics = new Map<string, AwsMetrics<keyof typeof units>>();
  return {
    route(apiId, stage, method, path) {
      const target = resolveRoute(apis, apiId, stage, method, path);
      if (target.kind !== 'lambda' || target.authorizerId === undefined) return target;
      const authorizer = authorizers.get(`${apiId}/${target.authorizerId}`);
      return authorizer === undefined
        ? { kind: 'misconfigured', why: `route ${target.routeKey} has an authorizer that was deleted` }
        : { ...target, authorizer: routeAuthorizer(authorizer) };
    },
    async invoke(functionArn, payload) {
      try {
        const { name, qualifier } = parseReference(account, functionArn);
        const fn = registry.find(name);
        registry.configOf(fn, qualifier);
        const apiArns = [...apis.keys()].map((id) => executeApiArn(account, id));
        if (!gatewayMayInvoke(fn, qualifier, apiArns)) {
          return {
            kind: 'denied',
            why: `The resource policy of ${functionArn} does not let apigateway.amazonaws.com invoke it`,
          };
        }
        const invoked = await invoker.invoke(fn, qualifier, payload);
        if (invoked.kind === 'throttled') return { kind: 'throttled' };
        return { kind: 'ok', result: invoked.result, executedVersion: invoked.version.version };
      } catch (error) {
        // Not there, or still Pending.
        if (error instanceof AwsError) return { kind: 'missing', why: error.message };
        throw error;
      }
    },
    record(ApiId, Stage, status, latencyMs, integrationMs) {
      const key = `${ApiId}/${Stage}`;
      let found = metrics.get(key);
      if (found === undefined) {
        metrics.set(
          key,
          (found = awsMetrics(account, store, 'AWS/ApiGateway', units, [{ ApiId }, { ApiId, Stage }])),
        );
      }
      found.record(account.clock.now(), {
        Count: 1,
        '4xx': status >= 400 && status < 500 ? 1 : 0,
        '5xx': status >= 500 ? 1 : 0,
        Latency: latencyMs,
        ...(integrationMs === undefined ? {} : { IntegrationLatency: integrationMs }),
      });
    },
  };
}

const units = {
  Count: 'Count',
  '4xx': 'Count',
  '5xx': 'Count',
  Latency: 'Milliseconds',
  IntegrationLatency: 'Milliseconds',
} as const;
