import type {
  ContainerRuntime,
  FunctionRuntime,
  FunctionSnapshot,
  GatewayView,
  LocalClock,
} from '../seams.ts';
import type { WireRequest, WireResponse } from '../wire/messages.ts';
import type { Account } from './account.ts';
import { apiGatewayOperations } from './apigateway/apigateway.ts';
import { cloudWatchOperations } from './cloudwatch/cloudwatch.ts';
import { recordEmf } from './cloudwatch/emf.ts';
import { createMetricStore, type MetricStore } from './cloudwatch/metric-store.ts';
import { createFaults, type FaultsRequest } from './faults.ts';
import { createFrontDoor } from './front-door.ts';
import { createGatewayView } from './gateway-view.ts';
import { createInvoker } from './lambda/invoker.ts';
import { lambdaOperations } from './lambda/lambda.ts';
import { createRegistry } from './lambda/registry.ts';
import { createLogStore } from './log-store.ts';
import { logsOperations } from './logs.ts';
import { memoryObjects, type ObjectStore } from './objects.ts';
import { fromPersisted, toPersisted, type PersistedState } from './persisted.ts';
import type { EndpointCounts } from './sagemaker/environments.ts';
import { createHosting } from './sagemaker/hosting.ts';
import { invokeEndpoint } from './sagemaker/invoke-endpoint.ts';
import { sageMakerOperations } from './sagemaker/sagemaker.ts';
import { s3Operations } from './s3.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { snsOperations, type Message } from './sns.ts';
import { emptyState, type State } from './state.ts';
import { ssmOperations } from './ssm.ts';
import { stsOperations } from './sts.ts';

export type { PersistedState } from './persisted.ts';
export type { Settings } from './settings.ts';
export type { WireRequest, WireResponse } from '../wire/messages.ts';

export interface LocalAwsOptions {
  readonly clock: LocalClock;
  /** Source of UUIDs: revision ids, request ids, identifiers. */
  readonly ids: () => string;
  /** Uniform in [0, 1): draws alias weights. */
  readonly random: () => number;
  /** Default '000000000000'. */
  readonly accountId?: string;
  /** Default 'us-east-1'. */
  readonly region?: string;
  readonly functions: FunctionRuntime;
  readonly containers: ContainerRuntime;
  /** S3's objects; default: in memory. */
  readonly objects?: ObjectStore;
  /** CloudWatch's points; default: none yet. */
  readonly metrics?: MetricStore;
  /** A former `snapshot()`. Call `resume()` then. */
  readonly initial?: PersistedState;
  /** Called after each change that `snapshot()` holds. */
  readonly changed?: () => void;
  readonly settings?: Partial<Settings>;
}

/** The control plane of AWS on this machine: what mlreg uses of it, with AWS's rules and errors. */
export interface LocalAws {
  /** Answers one request of an AWS SDK or of the AWS CLI, errors included. Rejects never. */
  handle(request: WireRequest): Promise<WireResponse>;
  readonly view: GatewayView;
  /**
   * Keeps lines that a function printed outside an invocation, and takes EMF metrics out of them.
   * What `FunctionRuntime.invoke` returns as `logs` is taken care of.
   */
  putLogLines(version: FunctionSnapshot, lines: readonly string[]): void;
  /** Keeps lines that the container of an endpoint printed. */
  putEndpointLogLines(endpointName: string, lines: readonly string[]): void;
  /** The same as POST /_local/faults. @throws ZodError */
  inject(faults: FaultsRequest): void;
  /** The environments of each endpoint, by the endpoint's name. */
  endpointCounts(): ReadonlyMap<string, EndpointCounts>;
  /** What was published to a topic, oldest first. */
  messages(topicArn: string): readonly Message[];
  snapshot(): PersistedState;
  /** After a restart: starts the containers of all endpoints again; resolves when they answer or have failed. */
  resume(): Promise<void>;
  /** Ends containers and execution environments; requests that hang are answered. */
  stop(): Promise<void>;
}

export function createLocalAws(options: LocalAwsOptions): LocalAws {
  const account: Account = {
    clock: options.clock,
    ids: options.ids,
    random: options.random,
    accountId: options.accountId ?? '000000000000',
    region: options.region ?? 'us-east-1',
    settings: { ...defaultSettings, ...options.settings },
    changed: options.changed ?? (() => undefined),
  };
  // What is kept may be of before a service was served.
  const kept = options.initial === undefined ? {} : (fromPersisted(options.initial) as Partial<State>);
  const state: State = { ...emptyState(), ...kept };
  const objects = options.objects ?? memoryObjects();
  const store = options.metrics ?? createMetricStore();
  const faults = createFaults(store, account.settings);
  const messages = new Map<string, Message[]>();
  const registry = createRegistry(account, state.functions, state.code);
  const hosting = createHosting(account, state.sagemaker, options.containers);
  const logs = createLogStore();
  const putLogLines = (version: FunctionSnapshot, lines: readonly string[]) => {
    logs.append(`/aws/lambda/${version.functionName}`, lines, account.clock.now());
    recordEmf(store, lines, account.clock.now());
  };
  const invoker = createInvoker(registry, options.functions, store, putLogLines);
  const door = createFrontDoor(account, faults, {
    lambda: lambdaOperations({ registry, invoker, runtime: options.functions, store, objects }),
    sagemaker: sageMakerOperations(account, state.sagemaker, hosting),
    'sagemaker-runtime': { InvokeEndpoint: invokeEndpoint(account, state.sagemaker, hosting, store) },
    apigateway: apiGatewayOperations(account, state.apis, state.authorizers),
    cloudwatch: cloudWatchOperations(account, store, state.alarms),
    logs: logsOperations(account, logs),
    sns: snsOperations(account, state.topics, messages),
    ssm: ssmOperations(account, state.parameters),
    sts: stsOperations(account),
    s3: s3Operations(account, objects),
  });
  return {
    handle: (request) => door.handle(request),
    view: createGatewayView(account, state, registry, invoker, store),
    putLogLines,
    putEndpointLogLines: (endpointName, lines) =>
      logs.append(`/aws/sagemaker/Endpoints/${endpointName}`, lines, account.clock.now()),
    inject: (request) => faults.apply(request),
    endpointCounts: () => hosting.counts(),
    messages: (topicArn) => messages.get(topicArn) ?? [],
    snapshot: () => toPersisted({ ...state, code: usedCode(state) }),
    resume: () => hosting.resume(),
    async stop() {
      door.stop();
      await Promise.all([hosting.stop(), options.functions.stop()]);
    },
  };
}

/** Packages that a version still runs. */
function usedCode({ functions, code }: State): State['code'] {
  const used = new Set<string>();
  for (const { latest, serving, versions } of functions.values()) {
    for (const config of [latest, serving, ...versions.values()]) used.add(config.codeSha256);
  }
  return new Map([...code].filter(([sha]) => used.has(sha)));
}
