import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { EnvironmentConfig } from './config/index.ts';
import type { LoadOptions } from './local-aws/data-plane/load.ts';
import type { LoadReport } from './local-aws/data-plane/load-report.ts';
import type { Actor } from './domain/journal.ts';
import { localAws } from './local-world.ts';
import { ask, isAlive, systemClock, userName } from './machine.ts';
import { rolloutId } from './domain/units.ts';
import { UserError } from './domain/user-error.ts';
import type { Clock, Ids, Metrics, Notifier, Platform, Store } from './ports/index.ts';
import type { Artifacts } from './ports/platform.ts';
import type { Streams } from './reporting/output.ts';

/** Everything of one environment that a command may need, behind ports. */
export interface Connection {
  readonly store: Store;
  readonly platform: Platform;
  readonly metrics: Metrics;
  readonly notifier: Notifier;
  readonly artifacts: Artifacts;
  /** Who we are there and where it is, for people: account, region, address. Asks nobody. */
  readonly place: string;
  /** Asks STS. @throws PlatformError */
  identity(): Promise<{ readonly account: string; readonly arn: string }>;
}

export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** The machine as commands see it: what tests replace. */
export interface World {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly streams: Streams;
  readonly clock: Clock;
  readonly ids: Ids;
  actor(command: string): Actor;
  /** Whether the process still runs; `unknown` where this machine can't tell. */
  isAlive(actor: Actor): 'alive' | 'dead' | 'unknown';
  connect(environment: EnvironmentConfig): Promise<Connection>;
  readonly files: Files;
  /** Calls back for each signal until undone. */
  onSignal(listener: (signal: SignalName) => void): () => void;
  /** A line from the terminal; null when nobody can be asked, at end of input, or when the signal aborts. */
  ask(question: string, signal?: AbortSignal): Promise<string | null>;
  readonly local: LocalAws;
}

export interface Files {
  read(path: string): string;
  exists(path: string): boolean;
  /** Refuses to replace a file that is there. */
  create(path: string, text: string): void;
  append(path: string, text: string): void;
}

/** AWS on this machine, as the `local` commands steer it. */
export interface LocalAws {
  up(options: LocalUpOptions): Promise<LocalUp>;
  status(stateDir: string): Promise<LocalStatus | null>;
  down(stateDir: string): Promise<boolean>;
  /** Variables by which any AWS client reaches it: they hold its token. null where it is not running. */
  access(stateDir: string): Promise<Readonly<Record<string, string>> | null>;
  /** Open-loop load on the gateway. */
  load(options: LoadOptions): Promise<LoadReport>;
}

export interface LocalUpOptions {
  readonly model: string;
  readonly stateDir: string;
  readonly controlPort: number;
  readonly gatewayPort: number;
  readonly detach: boolean;
}

export interface LocalUp {
  readonly controlUrl: string;
  readonly gatewayUrl: string;
  readonly pid: number;
  readonly alreadyRunning: boolean;
  /** Resolves when a daemon in the foreground has ended. */
  readonly ended: Promise<void>;
}

export interface LocalStatus {
  readonly pid: number;
  readonly controlUrl: string;
  readonly gatewayUrl: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * The composition root: the only place that picks adapters. Each is loaded when an environment is connected to, so that
 * `--help` loads none.
 */
export function createWorld(version: string): World {
  return {
    version,
    env: process.env,
    cwd: process.cwd(),
    streams: {
      stdout: (text) => void process.stdout.write(text),
      stderr: (text) => void process.stderr.write(text),
      stdoutIsTerminal: process.stdout.isTTY === true,
      stderrIsTerminal: process.stderr.isTTY === true && (process.env.CI ?? '') === '',
      columns: process.stderr.columns || 80,
    },
    clock: systemClock,
    ids: {
      rolloutId: () => rolloutId(`r-${crypto().randomBytes(4).toString('hex')}`),
      salt: () => crypto().randomBytes(12).toString('base64url'),
      requestId: () => crypto().randomUUID(),
    },
    actor: (command) => ({ name: userName(), host: hostname(), pid: process.pid, command }),
    isAlive,
    connect,
    files: {
      read: (path) => readFileSync(path, 'utf8'),
      exists: existsSync,
      create: (path, text) => {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text, { flag: 'wx' });
      },
      append: (path, text) => appendFileSync(path, text),
    },
    onSignal: (listener) => {
      const names: readonly SignalName[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
      for (const name of names) process.on(name, listener);
      return () => {
        for (const name of names) process.off(name, listener);
      };
    },
    ask,
    local: localAws,
  };
}

/** Loaded when it is needed: it is a tenth of what `--help` would take. */
const crypto = (): typeof import('node:crypto') => process.getBuiltinModule('node:crypto');

async function connect(config: EnvironmentConfig): Promise<Connection> {
  const [
    { openStore },
    { createClients },
    { createPlatform },
    { createMetrics },
    { createArtifacts },
    { createNotifier },
    { identity },
  ] = await Promise.all([
    import('./store/embedded.ts'),
    import('./aws/clients.ts'),
    import('./aws/platform.ts'),
    import('./aws/cloudwatch-metrics.ts'),
    import('./aws/s3-artifacts.ts'),
    import('./aws/sns-notifier.ts'),
    import('./aws/identity.ts'),
  ]);
  const where = await placeOf(config);
  const clients = createClients(where);
  const { environment, model, functionName, alias } = {
    environment: config.name,
    model: config.model,
    functionName: config.lambda.function,
    alias: config.lambda.alias,
  };
  return {
    store: openStore({ stateDir: stateDirOf(config), environment, model }),
    platform: createPlatform({
      clients,
      clock: systemClock,
      functionName,
      smokeRequests: smokeRequests(config),
      sagemaker: {
        roleArn: config.sagemaker.role ?? localRole,
        image: config.sagemaker.image ?? '',
        memoryMb: config.sagemaker.memoryMb,
        maxConcurrency: config.sagemaker.maxConcurrency,
        environment: config.sagemaker.environment,
      },
      tags: { 'mlreg:environment': environment, 'mlreg:model': model },
    }),
    metrics: createMetrics({
      clients,
      environment,
      model,
      routing: config.routing,
      functionName,
      alias,
      ...(config.kind === 'local' ? { resolution: { routerMs: 1_000, awsMs: 1_000 } } : {}),
    }),
    notifier: createNotifier({ clients, topic: config.notifications.sns }),
    artifacts: createArtifacts({ clients, allowFiles: config.name === 'local', cwd: process.cwd() }),
    place:
      config.name === 'local' ? `AWS on this machine, ${where.endpointUrl ?? ''}` : `AWS ${where.region}`,
    identity: () => identity(clients),
  };
}

/** Without a table, registry and journal lie beside mlreg.yaml: one machine's, good for trying things out. */
const stateDirOf = (config: EnvironmentConfig): string =>
  config.store.kind === 'embedded' ? config.store.directory : join(process.cwd(), '.mlreg', config.name);

const localRole = 'arn:aws:iam::000000000000:role/mlreg-local';

interface Place {
  readonly region: string;
  readonly endpointUrl?: string;
  readonly profile?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
  };
}

async function placeOf(config: EnvironmentConfig): Promise<Place> {
  if (config.name !== 'local') {
    if (config.region === null) {
      throw new UserError('usage', `in which AWS Region is ${config.name}?`, {
        mend: ['--region eu-west-1', `set environments.${config.name}.region in mlreg.yaml`],
      });
    }
    return {
      region: config.region,
      ...(config.endpointUrl === null ? {} : { endpointUrl: config.endpointUrl }),
      ...(config.profile === null ? {} : { profile: config.profile }),
    };
  }
  const { readDaemonRecord } = await import('./local-aws/daemon-files.ts');
  const record = readDaemonRecord(stateDirOf(config));
  if (record === undefined) {
    throw new UserError('usage', 'AWS on this machine is not running', {
      why: `nothing runs on ${stateDirOf(config)}`,
      mend: 'mlreg local up --detach',
    });
  }
  return {
    region: record.region,
    endpointUrl: record.controlUrl,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local', sessionToken: record.sessionToken },
  };
}

function smokeRequests(config: EnvironmentConfig): readonly { readonly body: string }[] {
  const path = config.requests.smokeFile;
  if (path === null) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new UserError('usage', `the smoke requests in ${path} can't be read`, {
      cause,
      mend: 'mend requests.smoke in mlreg.yaml: a JSON array of request bodies',
    });
  }
  if (!Array.isArray(parsed)) throw new UserError('usage', `${path} holds no array of smoke requests`);
  return parsed.map((body) => ({ body: JSON.stringify(body) }));
}
