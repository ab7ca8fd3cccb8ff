import { auditStore } from './audit-store.ts';
import { channelsOf } from './channels-of.ts';
import { gitHubTokens } from './github-tokens.ts';
import { clientsOf, type Place } from './clients-of.ts';
import { placeOf, stateDirOf } from './place.ts';
import { recoverable } from './recover-store.ts';
import type { Connection, Needs } from '../app/connection.ts';
import { findSmoke, withoutMistaken } from './smoke-requests.ts';
import type { Clients } from '../aws/clients.ts';
import type { ReadMetrics } from '../aws/gathered-reads.ts';
import { usersOf } from '../aws/users.ts';
import type { EnvironmentConfig } from '../config/index.ts';
import { servingOf } from '../config/serving.ts';
import { awsTime, systemClock } from './machine.ts';
import type { AccountChecks } from '../ports/account.ts';
import type { Store } from '../ports/index.ts';
import { createOutbox } from '../runner/outbox.ts';

/** Picks the adapters of an environment, each loaded only now. Knows no terminal: the controller connects by it too. */
export function connect(config: EnvironmentConfig, needs: Needs = 'all'): Promise<Connection> {
  return connection(config, null, needs);
}

/** For a process that looks after many environments at once: they share clients, and calls for metrics. */
export function connectTogether(): (config: EnvironmentConfig) => Promise<Connection> {
  const places: Places = new Map();
  return (config) => connection(config, places);
}

interface Shared {
  readonly clients: Clients;
  readonly read: ReadMetrics;
}
type Places = Map<string, Shared>;

async function connection(
  config: EnvironmentConfig,
  places: Places | null,
  needs: Needs = 'all',
): Promise<Connection> {
  const [{ createPlatform }, { createMetrics }, { createArtifacts }, { identity }, { createWarmingLog }] =
    await Promise.all([
      import('../aws/platform.ts'),
      import('../aws/cloudwatch-metrics.ts'),
      import('../aws/s3-artifacts.ts'),
      import('../aws/identity.ts'),
      import('../aws/warming-log.ts'),
    ]);
  const warming = createWarmingLog();
  const where = await placeOf(config, needs);
  const shared = places === null ? null : await sharedAt(places, config, where);
  const clients = shared?.clients ?? (await clientsOf(config, where));
  const { name: environment, model } = config;
  const { function: functionName, alias } = config.lambda;
  const smoke = findSmoke(config);
  const store = await storeOf(config, clients);
  const channels = await channelsOf(config, clients, systemClock);
  const artifacts = createArtifacts({ clients, allowFiles: config.name === 'local', cwd: process.cwd() });
  const platform = createPlatform({
    clients,
    clock: systemClock,
    functionName,
    api: config.api,
    smokeRequests: smoke.requests,
    requestPath: config.requests.path,
    sagemaker: {
      ...servingOf(config),
      provisionedConcurrency: config.sagemaker.provisionedConcurrency,
      environment: config.sagemaker.environment,
    },
    warming,
    tags: { 'mlreg:environment': environment, 'mlreg:model': model },
  });
  return {
    store,
    smokeRequests: smoke.requests.length,
    audit: () => auditStore(config, clients),
    platform: withoutMistaken(platform, config, smoke),
    ...(smoke.trouble === undefined ? {} : { smokeTrouble: smoke.trouble }),
    metrics: createMetrics({
      clients,
      environment,
      model,
      routing: config.routing,
      functionName,
      alias,
      now: () => systemClock.now(),
      warming,
      ...(shared === null ? {} : { read: shared.read }),
      ...(config.kind === 'local' ? { resolution: { routerMs: 1_000, awsMs: 1_000 } } : {}),
    }),
    comparisons: {
      // Only a shadow's end asks for them.
      differences: async (query) =>
        (await import('../aws/logs-comparisons.ts')).createComparisons({ clients }).differences(query),
    },
    serverLogs: {
      read: async (query) =>
        (await import('../aws/logs-model-server.ts'))
          .createServerLogs({ clients, secrets: Object.values(config.sagemaker.environment) })
          .read(query),
    },
    ...usersOf({ clients, clock: systemClock, environment, model, functionName }),
    outbox: createOutbox({
      store,
      channels,
      clock: systemClock,
      ...(config.name === 'local' ? { place: 'local emulator' } : {}),
    }),
    ...recoverable(config, clients, { store, artifacts }),
    account: {
      examine: async (subject) => (await accountChecks(config, clients)).examine(subject),
      preflight: async (subject) => (await accountChecks(config, clients)).preflight(subject),
    },
    artifacts,
    ...(await controllerOf(config, clients)),
    ...(await besideStore(config, clients)),
    place:
      config.name === 'local' ? `AWS on this machine, ${where.endpointUrl ?? ''}` : `AWS ${where.region}`,
    machineAheadMs: () => awsTime.machineAheadMs(),
    jobTokens: gitHubTokens,
    identity: () => identity(clients),
  };
}

/** Only doctor asks, and a rollout once before it begins. */
async function accountChecks(config: EnvironmentConfig, clients: Clients): Promise<AccountChecks> {
  const { createAccountChecks } = await import('../aws/account-checks.ts');
  const { alias, green, function: functionName } = config.lambda;
  return createAccountChecks({
    clients,
    clock: systemClock,
    functionName,
    aliases: green === null ? [alias] : [alias, green],
    api: config.api,
    alarmPrefix: `mlreg-${config.name}-${config.model}-`,
    endpointQuota: config.sagemaker.endpointQuota,
    concurrencyQuota: config.sagemaker.concurrencyQuota,
    endpointPrefix: `${config.model}-${config.name}-`,
    maxConcurrency: config.sagemaker.maxConcurrency,
    iam: config.kind === 'aws',
  });
}

/** What lies beside the store, and may be lost. */
async function besideStore(
  { store, name: environment, model }: EnvironmentConfig,
  clients: Clients,
): Promise<Pick<Connection, 'sightings' | 'pending' | 'waiting'>> {
  if (store.kind === 'embedded') {
    const { besideFile } = await import('../store/beside-file.ts');
    return besideFile({ stateDir: store.directory, environment, model });
  }
  const { besideTable } = await import('../aws/beside-table.ts');
  return besideTable({ clients, table: store.table, environment, model });
}

async function sharedAt(places: Places, config: EnvironmentConfig, where: Place): Promise<Shared> {
  const key = JSON.stringify([where, config.assumeRole]);
  const known = places.get(key);
  if (known !== undefined) return known;
  const [clients, { gatheredReads }, { readMetricData }] = await Promise.all([
    clientsOf(config, where),
    import('../aws/gathered-reads.ts'),
    import('../aws/metric-data.ts'),
  ]);
  // Somebody may have been as fast.
  const other = places.get(key);
  if (other !== undefined) return other;
  const made = { clients, read: gatheredReads((request) => readMetricData(clients, request), systemClock) };
  places.set(key, made);
  return made;
}

async function controllerOf(
  config: EnvironmentConfig,
  clients: Clients,
): Promise<Pick<Connection, 'controller' | 'controllerTrouble'>> {
  if (config.kind === 'local')
    return (await import('./local-controller.ts')).localControllerOf(stateDirOf(config));
  if (config.controller === null) return { controller: null, controllerTrouble: null };
  const { createDispatcher } = await import('../aws/step-functions.ts');
  const { controller: stateMachine, name: environment, model } = config;
  const controller = createDispatcher({ clients, stateMachine, environment, model });
  return { controller, controllerTrouble: null };
}

async function storeOf({ store, name, model }: EnvironmentConfig, clients: Clients): Promise<Store> {
  if (store.kind === 'embedded') {
    const { openStore } = await import('../store/embedded.ts');
    return openStore({ stateDir: store.directory, environment: name, model });
  }
  const { openDynamoStore } = await import('../aws/dynamo-store.ts');
  const place = { table: store.table, environment: name, model };
  return openDynamoStore({ clients, ...place, clock: systemClock, identified: true });
}
