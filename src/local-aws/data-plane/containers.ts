import { mkdirSync, rmSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Container, ContainerRuntime, ContainerSpec, LocalClock } from '../seams.ts';
import { createModelStore } from './model-data.ts';
import { type ModelServer, type ModelServerLimits, startModelServer, within } from './model-server.ts';
import { createChildRecords, kill } from './process-identity.ts';

export interface ContainerSettings extends ModelServerLimits {
  /** The wait before a dead server is started again; doubles each time, up to the last. */
  readonly restartAfterMs: number;
  readonly restartAfterAtMostMs: number;
  /** Starts without a healthy minute in between, after which a server is left dead. */
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
 * Model servers as child processes. An image is `local:///path/to/server.mjs`.
 * @param options.stateDir keeps extracted models, the servers' logs and the record of children
 * @param options.readObject the bytes behind s3://bucket/key
 */
export function createContainerRuntime(options: {
  readonly stateDir: string;
  readonly clock: LocalClock;
  readonly readObject?: (bucket: string, key: string) => Promise<Uint8Array>;
  readonly settings?: Partial<ContainerSettings>;
}): LocalContainerRuntime {
  const { stateDir, clock } = options;
  const settings: ContainerSettings = {
    startTimeoutMs: 180_000,
    pingEveryMs: 50,
    invokeTimeoutMs: 60_000,
    stopGraceMs: 2_000,
    restartAfterMs: 500,
    restartAfterAtMostMs: 30_000,
    restartsAtMost: 10,
    ...options.settings,
  };
  const records = createChildRecords(join(stateDir, 'children'));
  const models = createModelStore({ directory: join(stateDir, 'models'), readObject: options.readObject });
  const slots = new Set<Slot>();

  const launch = async (slot: Slot): Promise<ModelServer> => {
    const { spec } = slot;
    const file = await imageFile(spec.image);
    const none = join(stateDir, 'models', 'none');
    mkdirSync(none, { recursive: true });
    const modelDirectory = spec.modelDataUrl === undefined ? none : await models.directoryOf(spec.modelDataUrl);
    const server = await startModelServer(
      {
        name: `${spec.endpointName}/${spec.variantName}`,
        file,
        modelDirectory,
        environment: spec.environment,
        connections: Math.max(1, spec.maxConcurrency),
        logFile: logFileOf(join(stateDir, 'logs'), spec),
      },
      settings,
      clock,
      records,
      slot.stopped.signal,
    );
    slot.server = server;
    slot.state = 'running';
    slot.runningSince = clock.now();
    void server.ended.then((why) => died(slot, why));
    return server;
  };

  const died = (slot: Slot, why: string): void => {
    slot.server = undefined;
    slot.lastEnd = why;
    if (slot.stopped.signal.aborted) return;
    if (clock.now() - slot.runningSince >= healthyMs) slot.failures = 0;
    restartLater(slot);
  };

  const restartLater = (slot: Slot): void => {
    if (slot.failures >= settings.restartsAtMost) {
      slot.state = 'failed';
      return;
    }
    slot.state = 'restarting';
    const wait = Math.min(settings.restartAfterMs * 2 ** slot.failures, settings.restartAfterAtMostMs);
    slot.failures++;
    slot.cancelRestart = clock.at(clock.now() + wait, () => {
      slot.restarts++;
      launch(slot).catch((error: unknown) => {
        slot.lastEnd = error instanceof Error ? error.message : String(error);
        if (!slot.stopped.signal.aborted) restartLater(slot);
      });
    });
  };

  const stop = async (slot: Slot): Promise<void> => {
    slot.cancelRestart();
    slot.stopped.abort();
    await slot.server?.stop();
    slots.delete(slot);
  };

  return {
    async start(spec) {
      const slot: Slot = {
        spec,
        state: 'starting',
        server: undefined,
        stopped: new AbortController(),
        cancelRestart: () => undefined,
        runningSince: 0,
        failures: 0,
        restarts: 0,
        lastEnd: undefined,
      };
      slots.add(slot);
      try {
        await launch(slot);
      } catch (error) {
        slots.delete(slot);
        throw startFailure(spec, error);
      }
      return containerOf(slot, () => stop(slot));
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
      const all = [...slots];
      await Promise.all(all.map(stop));
      // Those still starting notice the abort; give them a moment, so that no child is left.
      await within(clock, settings.stopGraceMs, Promise.all(all.map((slot) => slot.server?.ended)));
    },
    killAll() {
      for (const slot of slots) {
        slot.stopped.abort();
        if (slot.server) kill(slot.server.pid);
      }
    },
    endOrphans: () => records.endOrphans(),
  };
}

/** A server that ran so long was well: its back-off starts over. */
const healthyMs = 60_000;

interface Slot {
  readonly spec: ContainerSpec;
  state: ContainerStatus['state'];
  server: ModelServer | undefined;
  readonly stopped: AbortController;
  cancelRestart: () => void;
  runningSince: number;
  failures: number;
  restarts: number;
  lastEnd: string | undefined;
}

function containerOf(slot: Slot, stop: () => Promise<void>): Container {
  return {
    invoke(request) {
      if (slot.server) return slot.server.invoke(request);
      return Promise.reject(new Error(`the model server is not running: it ${slot.lastEnd ?? 'was stopped'}`));
    },
    stop,
  };
}

/** SageMaker's own words for a container that never got well, and then ours, which say why. */
function startFailure(spec: ContainerSpec, error: unknown): Error {
  const why = error instanceof Error ? error.message : String(error);
  if (error instanceof NotFromTheServer || !/model server|ping/.test(why)) return new Error(why, { cause: error });
  const aws = `The primary container for production variant ${spec.variantName} did not pass the ping health check.`;
  return new Error(`${aws} Please check CloudWatch logs for this endpoint. Here: ${why}`, { cause: error });
}

class NotFromTheServer extends Error {}

async function imageFile(image: string): Promise<string> {
  const path = image.startsWith('local://') ? image.slice('local://'.length) : undefined;
  if (path === undefined || !isAbsolute(path) || !/\.[cm]?js$/.test(path)) {
    throw new NotFromTheServer(
      `Image ${image} can't run here: local AWS runs model servers written as local:///absolute/path/to/server.mjs`,
    );
  }
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new NotFromTheServer(`Image ${image}: there is no file ${path}`);
  return path;
}

/** Logs are kept over restarts, for the last lines tell why; a log grown large begins anew. */
function logFileOf(directory: string, spec: ContainerSpec): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, `${spec.endpointName}-${spec.variantName}.log`);
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > logAtMost) rmSync(file);
  return file;
}

const logAtMost = 10 * 1024 * 1024;
