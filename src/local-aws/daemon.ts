import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createLocalAws,
  type LocalAws,
  type PersistedState,
  type WireRequest,
  type WireResponse,
} from './core/local-aws.ts';
import type { EndpointCounts } from './core/sagemaker/environments.ts';
import { directoryObjects, type ObjectStore } from './core/objects.ts';
import type { Settings } from './core/settings.ts';
import { systemClock } from './daemon-clock.ts';
import { type ControlServer, portRefused, proveFree, startControl } from './daemon-control.ts';
import { claimStateDir, DaemonRefused, type DaemonRecord, writeDaemonRecord } from './daemon-files.ts';
import { ownProcess } from './daemon-process.ts';
import { callThrough, type Seeded, seedAccount } from './daemon-seed.ts';
import { createStateFile, readState, type StateFile } from './daemon-state.ts';
import { processStart } from './data-plane/process-identity.ts';
import {
  type ContainerSettings,
  type ContainerStatus,
  createContainerRuntime,
  type LocalContainerRuntime,
} from './data-plane/containers.ts';
import {
  type CountingFunctionRuntime,
  createFunctionRuntime,
  type EnvironmentSettings,
  type VersionCounts,
} from './data-plane/environments.ts';
import { functionHttp } from './data-plane/function-http.ts';
import { unpackingIn } from './data-plane/unpack-child.ts';
import { type Gateway, type GatewayCounters, startGateway } from './data-plane/gateway.ts';
import type { UserRequests } from './user-requests.ts';

export interface DaemonOptions {
  /** Everything the daemon keeps is in here; made 0700. */
  readonly stateDir: string;
  /** 0 for any free port. */
  readonly controlPort?: number;
  readonly gatewayPort?: number;
  /** Path of the handler's bundle, one CommonJS file. */
  readonly routerBundle: string;
  readonly model: string;
  readonly requests?: UserRequests;
  readonly settings?: Partial<Settings> & Partial<EnvironmentSettings> & Partial<ContainerSettings>;
  /** The program that extracts model archives in a process of its own (`unpackingIn`). @default in this process */
  readonly unpacker?: string;
  /** Whether the process is the daemon's own: then signals end it, and errors of functions' code don't. */
  readonly ownsProcess?: boolean;
  /** Told what a person at the terminal may want to know. */
  readonly say?: (line: string) => void;
}

export interface Daemon {
  readonly controlUrl: string;
  readonly gatewayUrl: string;
  readonly record: DaemonRecord;
  /** Resolves when it has stopped, by whomever. */
  readonly stopped: Promise<void>;
  stop(): Promise<void>;
}

/** What `GET /_local/status` answers. */
export interface DaemonStatus extends Partial<Seeded> {
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly model: string;
  readonly controlUrl: string;
  /** Undefined while it starts. */
  readonly gatewayUrl: string | undefined;
  readonly endpoints: readonly (ContainerStatus & Partial<EndpointCounts>)[];
  readonly functions: readonly VersionCounts[];
  readonly gateway: GatewayCounters | undefined;
}

const region = 'us-east-1';
const accountId = '000000000000';
const environment = 'local';

/**
 * AWS on this machine: the control plane on one port, the HTTP API on another, functions in this process, model servers
 * as its children. What it holds survives a kill; model servers don't.
 * @throws DaemonRefused where a port is taken, another daemon lives on the state directory, or the bundle isn't there
 */
export async function runDaemon(options: DaemonOptions): Promise<Daemon> {
  const { stateDir } = options;
  const say = options.say ?? (() => undefined);
  const bundle = readBundle(options.routerBundle);
  const release = claimStateDir(stateDir);
  const parts: Parts = { stopping: undefined };
  let announceStop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (announceStop = resolve));
  const stop = (): Promise<void> =>
    (parts.stopping ??= stopParts(parts).finally(() => {
      release();
      announceStop();
    }));
  try {
    const record = await startParts(options, bundle, parts, stop, say);
    return { controlUrl: record.controlUrl, gatewayUrl: record.gatewayUrl, record, stopped, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What is running, in the order in which it was started. */
interface Parts {
  functions?: CountingFunctionRuntime;
  containers?: LocalContainerRuntime;
  aws?: LocalAws;
  file?: StateFile;
  control?: ControlServer;
  gateway?: Gateway;
  /** Gives the process's signals back. */
  disown?: () => void;
  stopping: Promise<void> | undefined;
}

async function startParts(
  options: DaemonOptions,
  bundle: Uint8Array,
  parts: Parts,
  stop: () => Promise<void>,
  say: (line: string) => void,
): Promise<DaemonRecord> {
  const { stateDir, settings } = options;
  const gatewayPort = options.gatewayPort ?? 8080;
  // Users come last, so this port is bound last; that it's taken is better said before anything has been made.
  await proveFree(gatewayPort, '--gateway-port');
  const clock = systemClock;
  const startedAt = clock.now();
  const sessionToken = randomBytes(32).toString('base64url');
  const statePath = join(stateDir, 'state.json');
  const initial = readState(statePath) as PersistedState | undefined;
  const objects = directoryObjects(join(stateDir, 's3'));

  const containers = createContainerRuntime({
    stateDir,
    clock,
    readObject: reader(objects),
    ...(options.unpacker !== undefined && { unpack: unpackingIn(options.unpacker) }),
    ...(settings && { settings }),
    print: (endpointName, lines) => parts.aws?.putEndpointLogLines(endpointName, lines),
  });
  parts.containers = containers;
  for (const orphan of containers.endOrphans()) say(`ended ${orphan}, left by a daemon that was killed`);

  let controlUrl = '';
  const functions = createFunctionRuntime({
    clock,
    region,
    platformVariables: () => ({
      AWS_ENDPOINT_URL: controlUrl,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_SESSION_TOKEN: sessionToken,
      // Functions run on this process's Node, which may be older than the SDK likes to say.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    }),
    modules: {
      http: functionHttp((host, port) =>
        controlUrl === `http://${host}:${port}` ? parts.control?.connect() : undefined,
      ),
    },
    ...(settings && { settings }),
  });
  parts.functions = functions;

  const aws = createLocalAws({
    clock,
    ids: randomUUID,
    random: Math.random,
    accountId,
    region,
    functions,
    containers,
    objects,
    ...(initial && { initial }),
    changed: () => parts.file?.changed(),
    settings: { checksSigningTime: true, ...settings, sessionToken },
  });
  parts.aws = aws;
  parts.file = createStateFile({
    path: statePath,
    clock,
    snapshot: () => aws.snapshot(),
    failed: (error) =>
      say(`can't keep state in ${statePath}: ${error instanceof Error ? error.message : String(error)}`),
  });
  if (options.ownsProcess) {
    parts.disown = ownProcess({ stop, endNow: () => endNow(parts), say });
  }

  const seeded: { current: Seeded | undefined } = { current: undefined };
  const status = (): DaemonStatus => ({
    pid: process.pid,
    startedAt,
    model: options.model,
    ...seeded.current,
    controlUrl,
    gatewayUrl: parts.gateway?.url,
    endpoints: containers
      .list()
      .map((each) => ({ ...each, ...parts.aws?.endpointCounts().get(each.endpointName) })),
    functions: functions.counts(),
    gateway: parts.gateway?.counters(),
  });
  const control = await startControl({
    port: options.controlPort ?? 4566,
    sessionToken,
    // Predictions change nothing and never wait.
    handle: (request) =>
      !parts.file || request.method === 'GET' || request.path.startsWith('/endpoints/')
        ? aws.handle(request)
        : durably(aws, parts.file, request),
    status,
    stop: () => void stop(),
  });
  parts.control = control;
  controlUrl = control.url;

  // Users come last: none is to meet an API that isn't there yet, or an endpoint whose server is still starting.
  await aws.resume();
  const call = callThrough(aws, region, sessionToken);
  const { model, requests } = options;
  const seed = await seedAccount({ call, clock, model, environment, region, accountId, bundle, requests });
  seeded.current = seed;
  parts.gateway = await startGateway({
    port: gatewayPort,
    view: aws.view,
    clock,
    apiId: () => seed.apiId,
    stage: '$default',
    accountId,
    runId: randomBytes(6).toString('base64url'),
  }).catch((error: Error) => {
    throw portRefused(error, gatewayPort, '--gateway-port');
  });

  const record: DaemonRecord = {
    pid: process.pid,
    startTime: processStart(process.pid) ?? '',
    controlUrl,
    gatewayUrl: parts.gateway.url,
    sessionToken,
    region,
    accountId,
    ...seed,
  };
  writeDaemonRecord(stateDir, record);
  return record;
}

/**
 * An answer to a change is out only when the change is on disk: whoever was told that an alias moved must find it moved,
 * also after a kill.
 */
async function durably(aws: LocalAws, file: StateFile, request: WireRequest): Promise<WireResponse> {
  const before = file.count();
  const answer = await aws.handle(request);
  if (file.count() !== before) await file.saved();
  return answer;
}

/** First what takes requests, then what serves them, then what they changed goes to disk. */
async function stopParts(parts: Parts): Promise<void> {
  const tries = [
    () => parts.gateway?.stop(),
    () => parts.control?.stop(),
    () => parts.file?.close(),
    () => parts.aws?.stop(),
    () => parts.functions?.stop(),
    () => parts.containers?.stopAll(),
  ];
  const errors: unknown[] = [];
  for (const attempt of tries) {
    try {
      await attempt();
    } catch (error) {
      errors.push(error);
    }
  }
  parts.containers?.killAll();
  parts.disown?.();
  if (errors.length > 0) throw errors[0];
}

/** What must be done before the process exits, and can be done at once. */
function endNow(parts: Parts): void {
  parts.containers?.killAll();
  parts.file?.closeNow();
}

function reader(objects: ObjectStore): (bucket: string, key: string) => Promise<Uint8Array> {
  return async (bucket, key) => {
    const found = await objects.get(bucket, key);
    if (!found) throw new Error(`there is no object ${key} in bucket ${bucket}`);
    return found.bytes;
  };
}

function readBundle(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new DaemonRefused(`the router's bundle isn't at ${path}`, 'build it: npm run build', { cause });
  }
}
