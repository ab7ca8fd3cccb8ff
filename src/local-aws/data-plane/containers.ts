import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Container, ContainerResponse, ContainerRuntime, ContainerSpec, LocalClock } from '../seams.ts';
import { createBackOff } from './back-off.ts';
import { findProgram } from './local-image.ts';
import { createModelStore } from './model-data.ts';
import {
  type ModelServer,
  type ModelServerLimits,
  type ModelServerSpec,
  startModelServer,
} from './model-server.ts';
import { createChildRecords } from './process-identity.ts';
import type { Unpack } from './unpack.ts';

export interface ContainerSettings extends ModelServerLimits {
  /** The wait before a dead server is started again; doubles each time, up to the last. */
  readonly restartAfterMs: number;
  readonly restartAfterAtMostMs: number;
  /** Failures without a well minute in between, after which a dead server is left alone until it is asked for. */
  readonly restartsAtMost: number;
}

export interface ContainerStatus {
  readonly endpointName: string;
  readonly variantName: string;
  readonly state: 'starting' | 'running' | 'restarting' | 'failed';
  readonly pid: number | undefined;
  readonly port: number | undefined;
  readonly restarts: number;
  /** How its process ended the last time. */
  readonly lastEnd: string | undefined;
}

export interface LocalContainerRuntime extends ContainerRuntime {
  list(): readonly ContainerStatus[];
  stopAll(): Promise<void>;
  /** Ends every model server now, with no word to it. For the moment before this process exits. */
  killAll(): void;
  /** Ends model servers that an earlier, killed daemon left. @returns what was ended */
  endOrphans(): readonly string[];
}

/**
 * Model servers as child processes. An image names a program of this machine (`local-image.ts`).
 * @param options.stateDir keeps extracted models, the servers' logs and the record of children
 * @param options.readObject the bytes behind s3://bucket/key
 */
export function createContainerRuntime(options: {
  readonly stateDir: string;
  readonly clock: LocalClock;
  readonly readObject?: (bucket: string, key: string) => Promise<Uint8Array>;
  readonly settings?: Partial<ContainerSettings>;
  /** How model archives are extracted. @default in this process */
  readonly unpack?: Unpack;
  /** Told each line that the model server of an endpoint prints. */
  readonly print?: (endpointName: string, lines: readonly string[]) => void;
}): LocalContainerRuntime {
  const { stateDir, clock, print = () => undefined } = options;
  const settings: ContainerSettings = {
    startTimeoutMs: 180_000,
    pingEveryMs: 50,
    // The control plane keeps SageMaker's 60 s; this one only frees the connection.
    invokeTimeoutMs: 70_000,
    stopGraceMs: 2_000,
    restartAfterMs: 500,
    restartAfterAtMostMs: 30_000,
    restartsAtMost: 10,
    ...options.settings,
  };
  const records = createChildRecords(join(stateDir, 'children'));
  const { readObject, unpack } = options;
  const models = createModelStore({ directory: join(stateDir, 'models'), readObject, unpack });
  const backOff = createBackOff(clock, settings.restartAfterMs, settings.restartAfterAtMostMs);
  const slots = new Set<Slot>();

  /** @throws Error about the image or the model, before any process is started */
  const prepare = async (spec: ContainerSpec): Promise<ModelServerSpec> => {
    const program = findProgram(spec.image, { path: process.env['PATH'] ?? '', node: process.execPath });
    const none = join(stateDir, 'models', 'none');
    mkdirSync(none, { recursive: true });
    return {
      name: `${spec.endpointName}/${spec.variantName}`,
      program,
      modelDirectory: spec.modelDataUrl === undefined ? none : await models.directoryOf(spec.modelDataUrl),
      environment: spec.environment,
      connections: Math.max(1, spec.maxConcurrency),
      logFile: join(stateDir, 'logs', `${spec.endpointName}-${spec.variantName}.log`),
      print: (lines) => print(spec.endpointName, lines),
    };
  };

  const launch = async (slot: Slot, server: ModelServerSpec): Promise<void> => {
    const begun = clock.now();
    try {
      const started = await startModelServer(server, settings, clock, records, slot.stopped.signal);
      slot.startMs = clock.now() - begun;
      slot.server = started;
      slot.state = 'running';
      void started.ended.then((why) => died(slot, server, why));
    } catch (error) {
      backOff.failed(slot.key);
      throw error;
    }
  };

  const died = (slot: Slot, server: ModelServerSpec, why: string): void => {
    slot.server = undefined;
    slot.lastEnd = why;
    if (slot.stopped.signal.aborted) return;
    backOff.failed(slot.key);
    restartLater(slot, server);
  };

  const restartLater = (slot: Slot, server: ModelServerSpec): void => {
    if (backOff.failures(slot.key) > settings.restartsAtMost) {
      slot.state = 'failed';
      return;
    }
    slot.state = 'restarting';
    slot.work = turn(slot).then(async () => {
      if (slot.stopped.signal.aborted) return;
      slot.restarts++;
      await launch(slot, server).catch((error: unknown) => {
        slot.lastEnd = error instanceof Error ? error.message : String(error);
        if (!slot.stopped.signal.aborted) restartLater(slot, server);
      });
    });
  };

  /** Waits for as long as the failures of late demand, or until the slot is stopped. */
  const turn = (slot: Slot): Promise<void> =>
    new Promise((resolve) => {
      const wait = backOff.wait(slot.key);
      const { signal } = slot.stopped;
      if (wait === 0 || signal.aborted) {
        resolve();
        return;
      }
      const cancel = clock.at(clock.now() + wait, resolve);
      signal.addEventListener('abort', () => (cancel(), resolve()), { once: true });
    });

  const stop = async (slot: Slot): Promise<void> => {
    slot.stopped.abort();
    await slot.work;
    await slot.server?.stop();
    slots.delete(slot);
  };

  return {
    async start(spec) {
      const slot: Slot = {
        spec,
        key: JSON.stringify(spec),
        state: 'starting',
        server: undefined,
        startMs: 0,
        stopped: new AbortController(),
        restarts: 0,
        lastEnd: undefined,
        work: Promise.resolve(),
      };
      slots.add(slot);
      let failure: Error | undefined;
      slot.work = prepare(spec)
        // Who starts a dying server anew at each request must not make this machine do nothing else.
        .then((server) => turn(slot).then(() => server))
        .then((server) =>
          launch(slot, server).catch((error: unknown) => Promise.reject(unhealthy(spec, error))),
        )
        .catch((error: Error) => {
          failure = error;
          slots.delete(slot);
        });
      await slot.work;
      if (failure) throw failure;
      return containerOf(
        slot,
        () => stop(slot),
        refusals(clock, (line) => print(spec.endpointName, [line])),
      );
    },
    list: () =>
      [...slots].map(({ spec, state, server, restarts, lastEnd }) => ({
        endpointName: spec.endpointName,
        variantName: spec.variantName,
        state,
        pid: server?.pid,
        port: server?.port,
        restarts,
        lastEnd,
      })),
    async stopAll() {
      await Promise.all([...slots].map(stop));
    },
    killAll() {
      for (const slot of slots) slot.stopped.abort();
      records.endLive();
    },
    endOrphans: () => records.endOrphans(),
  };
}

interface Slot {
  readonly spec: ContainerSpec;
  /** Equal for equal specs. */
  readonly key: string;
  state: ContainerStatus['state'];
  server: ModelServer | undefined;
  /** What the last start took. */
  startMs: number;
  readonly stopped: AbortController;
  restarts: number;
  lastEnd: string | undefined;
  /** The start under way; never rejects. */
  work: Promise<void>;
}

function containerOf(
  slot: Slot,
  stop: () => Promise<void>,
  note: (response: ContainerResponse) => void,
): Container {
  return {
    startMs: slot.startMs,
    async invoke(request) {
      if (slot.server) {
        const response = await slot.server.invoke(request);
        if (response.status >= 400) note(response);
        return response;
      }
      return Promise.reject(
        new Error(`the model server is not running: it ${slot.lastEnd ?? 'was stopped'}`),
      );
    },
    stop,
  };
}

/** Beside what a server prints: what its failing answers were, the first of each second. */
function refusals(clock: LocalClock, print: (line: string) => void): (response: ContainerResponse) => void {
  let nextAt = 0;
  return ({ status, body }) => {
    if (clock.now() < nextAt) return;
    nextAt = clock.now() + 1_000;
    const text = Buffer.from(body.subarray(0, 1_200)).toString('utf8').replaceAll(/\s+/g, ' ').slice(0, 300);
    print(`[local AWS] POST /invocations answered ${status}: ${text}`);
  };
}

/** SageMaker's own words for a container that never got well, and then ours, which say why. */
function unhealthy(spec: ContainerSpec, error: unknown): Error {
  const why = error instanceof Error ? error.message : String(error);
  const aws = `The primary container for production variant ${spec.variantName} did not pass the ping health check.`;
  return new Error(`${aws} Please check CloudWatch logs for this endpoint. Here: ${why}`, { cause: error });
}
