import { z } from 'zod';
import type { Call } from '../wire/messages.ts';
import { type MetricFaults, metricFaults } from './cloudwatch/metric-faults.ts';
import type { EndpointEnvironmentSettings } from './settings.ts';

/** What goes wrong on purpose: `POST /_local/faults` with this as JSON. */
export const faultsRequest = z.strictObject({
  /** Forgets all denials and faults first. */
  reset: z.boolean().optional(),
  /** Actions to deny (true) or to allow again (false), as `{"lambda:UpdateAlias": true}`; `lambda:*` for all. */
  deny: z.record(z.string(), z.boolean()).optional(),
  /** Faults to add. The first that matches a call is used up by it. */
  faults: z
    .array(
      z.strictObject({
        action: z.string(),
        /** `error-after`: the call takes effect, its caller is told that it failed. `hang`: no answer at all. */
        kind: z.enum(['throttle', 'error-before', 'error-after', 'hang']),
        times: z.number().int().min(1).default(1),
      }),
    )
    .optional(),
  /** Metrics that come late, statistics that are refused. */
  metrics: metricFaults.optional(),
  /** Environments of serverless endpoints, milliseconds: what a cold start takes on top of the model server's own, and how long an idle one stays. */
  endpoints: z
    .strictObject({
      coldStartMs: z.number().int().min(0).optional(),
      idleMs: z.number().int().min(1).optional(),
    })
    .optional(),
});

const noMetricFaults: MetricFaults = { delays: [], refuse: [], serverlessErrors: 'Invocation4XXErrors' };

export type FaultsRequest = z.input<typeof faultsRequest>;
export type FaultKind = 'throttle' | 'error-before' | 'error-after' | 'hang';

export interface Faults {
  apply(request: FaultsRequest): void;
  /** The action that is denied, in IAM's spelling where that differs from the operation's. */
  denied(call: Call): string | undefined;
  /** The fault this call meets, used up. */
  take(call: Call): FaultKind | undefined;
  current(): {
    readonly deny: readonly string[];
    readonly faults: readonly { action: string; kind: FaultKind; times: number }[];
  };
}

export function createFaults(
  metrics: { inject(faults: MetricFaults): void },
  environments: EndpointEnvironmentSettings,
): Faults {
  const { endpointColdStartMs, endpointIdleMs } = environments;
  let denied = new Set<string>();
  let faults: { action: string; kind: FaultKind; times: number }[] = [];
  return {
    apply(request) {
      const { reset, deny, faults: added, metrics: ofMetrics, endpoints } = faultsRequest.parse(request);
      if (reset) Object.assign(environments, { endpointColdStartMs, endpointIdleMs });
      environments.endpointColdStartMs = endpoints?.coldStartMs ?? environments.endpointColdStartMs;
      environments.endpointIdleMs = endpoints?.idleMs ?? environments.endpointIdleMs;
      if (reset) metrics.inject(noMetricFaults);
      if (ofMetrics !== undefined) metrics.inject(ofMetrics);
      if (reset) {
        denied = new Set();
        faults = [];
      }
      for (const [action, on] of Object.entries(deny ?? {})) {
        if (on) denied.add(action);
        else denied.delete(action);
      }
      faults.push(...(added ?? []).map((fault) => ({ ...fault })));
    },
    denied: (call) =>
      denied.size === 0 ? undefined : actionsOf(call).find((action) => denied.has(action)) && iamAction(call),
    take(call) {
      if (faults.length === 0) return undefined;
      const actions = actionsOf(call);
      const found = faults.find(({ action }) => actions.includes(action));
      if (found === undefined) return undefined;
      found.times--;
      if (found.times === 0) faults = faults.filter((each) => each !== found);
      return found.kind;
    },
    current: () => ({ deny: [...denied], faults: faults.map((fault) => ({ ...fault })) }),
  };
}

/** Operations whose IAM action is called differently. */
const iamNames: Readonly<Record<string, string>> = {
  'lambda:Invoke': 'lambda:InvokeFunction',
  's3:HeadObject': 's3:GetObject',
  's3:ListObjectsV2': 's3:ListBucket',
  's3:HeadBucket': 's3:ListBucket',
};

/** An action in IAM's spelling. */
export function iamAction(call: Call): string {
  // API Gateway's actions are HTTP verbs.
  if (call.service === 'apigateway') return `apigateway:${call.described.split(' ')[0] ?? ''}`;
  const action = operationName(call);
  return iamNames[action] ?? action;
}

function operationName({ service, operation }: Call): string {
  return `${service === 'sagemaker-runtime' ? 'sagemaker' : service}:${operation}`;
}

function actionsOf(call: Call): string[] {
  const name = operationName(call);
  return [name, iamAction(call), `${name.slice(0, name.indexOf(':'))}:*`];
}
