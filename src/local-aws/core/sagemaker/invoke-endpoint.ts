import { AwsError } from '../../wire/aws-error.ts';
import type { Answer } from '../../wire/messages.ts';
import type { Container, ContainerRequest, ContainerResponse } from '../../seams.ts';
import type { Account } from '../account.ts';
import { awsMetrics, type AwsMetrics } from '../cloudwatch/aws-metrics.ts';
import type { MetricStore } from '../cloudwatch/metric-store.ts';
import type { Operation } from '../operation.ts';
import type { Hosting } from './hosting.ts';
import type { Endpoint, SageMakerState } from './sagemaker-state.ts';

/** InvokeEndpoint: what SageMaker does around a container's POST /invocations, and the AWS/SageMaker metrics of it. */
export function invokeEndpoint(
  account: Account,
  state: SageMakerState,
  hosting: Hosting,
  store: MetricStore,
): Operation {
  const inFlight = new Map<string, number>();
  const metrics = new Map<string, AwsMetrics<MetricName>>();
  const metricsOf = (EndpointName: string, VariantName: string): AwsMetrics<MetricName> => {
    const key = `${EndpointName}/${VariantName}`;
    let found = metrics.get(key);
    if (found === undefined) {
      metrics.set(
        key,
        (found = awsMetrics(account, store, 'AWS/SageMaker', units, [{ EndpointName, VariantName }])),
      );
    }
    return found;
  };

  return async (call) => {
    const startedAt = account.clock.now();
    const name = String(call.input['EndpointName']);
    const endpoint = found(account, state, hosting, name);
    const { container: spec, serverless } = endpoint.deployment;
    if (call.payload.length > MOST_BYTES)
      throw validation(`Request body exceeds the limit of ${MOST_BYTES} bytes.`);
    const targeted = call.headers['x-amzn-sagemaker-target-variant'];
    if (targeted !== undefined && targeted !== spec.variantName) {
      throw validation(`Variant ${targeted} not found in endpoint ${name}.`);
    }
    const hosted = hosting.container(endpoint);
    // One that waits for its environment is in flight as well.
    const busy = inFlight.get(name) ?? 0;
    if (busy >= serverless.MaxConcurrency) {
      hosted?.environments.throttle();
      throw new AwsError(
        'ThrottlingException',
        400,
        `Endpoint ${name} is at its maximum concurrency of ${serverless.MaxConcurrency}.`,
      );
    }
    inFlight.set(name, busy + 1);
    const counts = metricsOf(endpoint.name, spec.variantName);
    try {
      const starting = hosted?.environments.take();
      if (starting !== undefined) await starting;
      const modelStartedAt = account.clock.now();
      const outcome = hosted === undefined ? 'dead' : await asked(account, hosted.container, requestOf(call));
      const endedAt = account.clock.now();
      const modelMs = endedAt - modelStartedAt;
      const status = typeof outcome === 'string' ? 500 : outcome.status;
      counts.record(startedAt, {
        Invocations: 1,
        Invocation4XXErrors: status >= 400 && status < 500 ? 1 : 0,
        Invocation5XXErrors: status >= 500 ? 1 : 0,
        InvocationModelErrors: status >= 200 && status < 300 ? 0 : 1,
        // A container that isn't there has no latency.
        ...(outcome === 'dead' ? {} : { ModelLatency: modelMs * 1000 }),
        OverheadLatency: (endedAt - startedAt - modelMs) * 1000,
      });
      if (outcome === 'dead') {
        if (hosted !== undefined) hosting.died(endpoint, hosted.container);
        throw new AwsError('ServiceUnavailable', 503, `The container of endpoint ${name} does not answer.`);
      }
      if (outcome === 'late') {
        throw modelError(
          0,
          'Your invocation timed out while waiting for a response from container primary. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.',
        );
      }
      return response(outcome, spec.variantName);
    } finally {
      hosted?.environments.release();
      const left = (inFlight.get(name) ?? 1) - 1;
      if (left === 0) inFlight.delete(name);
      else inFlight.set(name, left);
    }
  };
}

type MetricName = keyof typeof units;

/** AWS/SageMaker counts have no unit; latencies are in MICROseconds. */
const units = {
  Invocations: 'None',
  Invocation4XXErrors: 'None',
  Invocation5XXErrors: 'None',
  InvocationModelErrors: 'None',
  ModelLatency: 'Microseconds',
  OverheadLatency: 'Microseconds',
} as const;

/** Serverless endpoints take and give 4 MB. */
const MOST_BYTES = 4 * 1024 * 1024;
/** A serverless container must answer within a minute. */
const CONTAINER_MS = 60_000;

/** Names are matched with their case here. An endpoint that isn't in service yet is not found either. */
function found(account: Account, state: SageMakerState, hosting: Hosting, name: string): Endpoint {
  const endpoint = state.endpoints.get(name.toLowerCase());
  if (endpoint !== undefined) hosting.settle(endpoint);
  const serves = endpoint?.status === 'InService' || endpoint?.status === 'Updating';
  if (!serves || endpoint.name !== name)
    throw validation(`Endpoint ${name} of account ${account.accountId} not found.`);
  return endpoint;
}

/** Not with Promise.race, which costs as much as all the rest of it. */
function asked(
  account: Account,
  container: Container,
  request: ContainerRequest,
): Promise<ContainerResponse | 'dead' | 'late'> {
  return new Promise((resolve) => {
    const cancel = account.clock.at(account.clock.now() + CONTAINER_MS, () => resolve('late'));
    const settle = (reply: ContainerResponse | 'dead'): void => {
      cancel();
      resolve(reply);
    };
    container.invoke(request).then(settle, () => settle('dead'));
  });
}

function requestOf(call: {
  headers: Readonly<Record<string, string>>;
  payload: Uint8Array;
}): ContainerRequest {
  return {
    body: call.payload,
    contentType: call.headers['content-type'] ?? 'application/octet-stream',
    accept: call.headers['accept'] ?? '*/*',
    customAttributes: call.headers['x-amzn-sagemaker-custom-attributes'],
  };
}

function response(reply: ContainerResponse, variantName: string): Answer {
  if (reply.status < 200 || reply.status > 299)
    throw modelError(reply.status, Buffer.from(reply.body).toString('utf8'));
  if (reply.body.length > MOST_BYTES) {
    throw modelError(
      reply.status,
      `Response of ${reply.body.length} bytes exceeds the limit of ${MOST_BYTES} bytes.`,
    );
  }
  return {
    kind: 'raw',
    status: 200,
    headers: {
      'content-type': reply.contentType,
      'x-amzn-invoked-production-variant': variantName,
      ...(reply.customAttributes === undefined
        ? {}
        : { 'x-amzn-sagemaker-custom-attributes': reply.customAttributes }),
    },
    body: reply.body,
  };
}

function validation(message: string): AwsError {
  return new AwsError('ValidationError', 400, message);
}

function modelError(status: number, original: string): AwsError {
  const kind = status >= 400 && status < 500 ? 'client' : 'server';
  const OriginalMessage = original.slice(0, 1024);
  return new AwsError(
    'ModelError',
    424,
    `Received ${kind} error (${status}) from primary with message "${OriginalMessage}". See the logs of the container for more information.`,
    {
      members: {
        ErrorCode: kind === 'client' ? 'CLIENT_ERROR_FROM_MODEL' : 'INTERNAL_FAILURE_FROM_MODEL',
        OriginalStatusCode: status,
        OriginalMessage,
      },
    },
  );
}
