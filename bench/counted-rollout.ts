import { CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { ApiGatewayV2Client, CreateApiCommand, CreateStageCommand } from '@aws-sdk/client-apigatewayv2';
import { CreateAliasCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { createAccountChecks } from '../src/aws/account-checks.ts';
import { createMetrics } from '../src/aws/cloudwatch-metrics.ts';
import type { Entry } from '../src/domain/journal.ts';
import { later, percent, rolloutId } from '../src/domain/units.ts';
import { drive } from '../src/runner/drive.ts';
import type { RolloutPorts } from '../src/runner/ports.ts';
import { abort, start } from '../src/runner/own.ts';
import { blueGreen } from '../src/strategies/blue-green.ts';
import { canary } from '../src/strategies/canary.ts';
import { openMemoryStore } from '../test/support/memory-store.ts';
import { functionName, type Stack, stack } from '../test/contract/aws/stack.ts';
import {
  actor,
  blueGreenSettings,
  canarySettings,
  modelWorld,
  policy,
  seedRegistry,
  startOf,
  v22,
  v23,
} from '../test/support/model-world.ts';

export interface Call {
  readonly operation: string;
  readonly bytes: number;
}

export const tickMs = 10_000;
export const bakeMs = 300_000;

export interface Ran {
  readonly calls: readonly { readonly phase: string; readonly call: Call }[];
  readonly ticks: number;
}

/** When the challenger begins to fail; `aborted`: never, but in its first bake a person elsewhere types `mlreg abort`. */
export type Course = 'healthy' | 'fails' | 'fails behind the swap' | 'aborted';

/** A rollout's calls by the adapters over local AWS in process, under a virtual clock: the same on every machine. */
export async function countedRollout(strategy: 'canary' | 'blue-green', course: Course): Promise<Ran> {
  const made = await stack();
  await addStage(made);
  const counted: { phase: string; call: Call }[] = [];
  let phase = 'preflight';
  const isCounted = { now: true };
  const handle = made.local.handle.bind(made.local);
  Object.assign(made.local, {
    handle: async (request: Parameters<typeof handle>[0]) => {
      const answer = await handle(request);
      if (isCounted.now) {
        const bytes = request.body.length + answer.body.length;
        counted.push({
          phase,
          call: { operation: operationOf(request.method, request.path, request.headers), bytes },
        });
      }
      return answer;
    },
  });
  const world = modelWorld();
  await seedRegistry(world);
  const store = openMemoryStore(world.place);
  let ticks = 0;
  const settings = {
    tickMs,
    settleMs: tickMs,
    bakeMs,
    extendMs: bakeMs,
    provisionTimeoutMs: 600_000,
    maxHoldMs: 3_600_000,
    unreadableMs: 600_000,
    policy: {
      ...policy,
      tickMs,
      historyTickMs: tickMs,
      minimumBakeMs: 60_000,
      steps: (strategy === 'canary' ? [10, 50] : [10, 100]).map((share) => ({
        percent: share,
        ticks: bakeMs / tickMs,
      })),
    },
  };
  const plan =
    strategy === 'canary'
      ? canary(canarySettings(settings))
      : blueGreen(blueGreenSettings({ ...settings, finalBakeMs: bakeMs }));
  let at = made.port.now();
  const clock: RolloutPorts['clock'] = {
    now: made.port.now,
    async sleepUntil(until) {
      // Users go on asking while the rollout waits.
      for (; at < until; at = later(at, tickMs)) {
        isCounted.now = false;
        const fails = course === 'fails' || (course === 'fails behind the swap' && isSwapped);
        await publish(made, at, { share: isSwapped ? 100 : share, fails });
        isCounted.now = true;
      }
      await made.port.sleepUntil(until);
    },
  };
  let isSwapped = false;
  let share = 0;
  const bye = new AbortController();
  const onEntry = (entry: Entry): void => {
    if (entry.kind === 'observed') ticks += 1;
    if (entry.kind === 'step-done') phase = nameOf(plan.steps[entry.step + 1]?.kind ?? 'end');
    if (entry.kind === 'result' && phase === 'fence') phase = nameOf(plan.steps[0]?.kind ?? '');
    if (entry.kind === 'rolling-back') phase = 'roll back';
    isSwapped ||= entry.kind === 'step-done' && plan.steps[entry.step]?.kind === 'swap-stage';
    const done = entry.kind === 'step-done' ? plan.steps[entry.step] : undefined;
    if (done?.kind === 'route' && done.route.kind === 'split') share = done.route.percent;
    if (course === 'aborted' && entry.kind === 'observed') bye.abort();
  };
  const ports: RolloutPorts = {
    ...world.ports,
    store,
    platform: made.platform,
    metrics: createMetrics({
      clients: made.clients,
      environment: 'prod',
      model: 'recommendation',
      routing: 'sticky',
      functionName,
      alias: 'live',
      now: () => clock.now(),
    }),
    clock,
    onEntry,
  };
  await serveChampion(made);
  const codeSha256 = await made.platform.codeSha256();
  counted.length = 0;
  await createAccountChecks({
    clients: made.clients,
    functionName,
    aliases: ['live', 'green'],
    api: { id: null, name: 'api', stage: 'prod' },
    alarmPrefix: 'mlreg-',
    endpointQuota: null,
    concurrencyQuota: null,
    endpointPrefix: 'recommendation-',
    maxConcurrency: 20,
    clock: made.port,
    iam: false,
  }).preflight({
    endpoint: 'recommendation-prod-v2-3-0-bbbbbbbb',
    aliases: plan.green === undefined ? [plan.alias] : [plan.alias, plan.green],
    swapsStage: strategy === 'blue-green',
    isDetached: false,
  });
  phase = 'fence';
  const id = rolloutId('r-1');
  const journal = await start(ports, id, {
    ...startOf(),
    plan,
    codeSha256,
    home: { functionVersion: '1', weights: {} },
  });
  let result = await drive(ports, journal, { signal: bye.signal });
  if (result.kind === 'stopped') {
    phase = 'roll back';
    result = await abort(
      ports,
      id,
      actor('bob'),
      { kind: 'abort', by: 'bob', sentence: 'aborted by bob' },
      {
        alias: plan.alias,
        signal: new AbortController().signal,
      },
    );
  }
  const expected = course === 'healthy' ? 'succeeded' : 'rolled-back';
  if (result.kind !== 'ended' || result.outcome.kind !== expected) throw new Error(JSON.stringify(result));
  return { calls: counted, ticks };
}

/** Its endpoint is there: where it is not, a rollback builds it first. */
async function serveChampion({ platform, port }: Stack): Promise<void> {
  const { endpoints } = startOf();
  const endpoint = endpoints[v22]?.name ?? '';
  const artifact = { artifactUri: 's3://models/v2.2.0.tar.gz', artifactDigest: 'aaaaaaaa' };
  const spec = { endpoint, version: v22, ...artifact };
  while ((await platform.ensureEndpoint(spec)).kind !== 'in-service')
    await port.sleepUntil(later(port.now(), 10_000));
}

const nameOf = (step: string): string => (step === 'approve' ? 'provision' : step);

/** `lambda GET /aliases/live` becomes `GetAlias`. */
function operationOf(method: string, path: string, headers: Readonly<Record<string, string>>): string {
  const target = headers['x-amz-target'];
  if (target !== undefined) return target.split('.').at(-1) ?? target;
  if (/GetMetricData/.test(path)) return 'GetMetricData';
  if (/\/aliases\//.test(path)) return method === 'GET' ? 'GetAlias' : 'UpdateAlias';
  if (/\/configuration$/.test(path))
    return method === 'GET' ? 'GetFunctionConfiguration' : 'UpdateFunctionConfiguration';
  if (/\/versions$/.test(path)) return method === 'GET' ? 'ListVersionsByFunction' : 'PublishVersion';
  if (/\/invocations$/.test(path))
    return method === 'POST' && path.startsWith('/endpoints') ? 'InvokeEndpoint' : 'Invoke';
  if (/\/stages\//.test(path)) return method === 'GET' ? 'GetStage' : 'UpdateStage';
  if (/\/deployments$/.test(path)) return method === 'GET' ? 'GetDeployments' : 'CreateDeployment';
  if (/\/apis$/.test(path)) return 'GetApis';
  if (/\/provisioned-concurrency$/.test(path)) return 'GetProvisionedConcurrencyConfig';
  if (/\/endpoints$/.test(path)) return 'ListEndpoints';
  return `${method} ${path.split('/').at(-1)}`;
}

/** The gateway's stage `prod`, and the alias `green` that blue-green swaps it to. */
async function addStage({ clients }: Stack): Promise<void> {
  const gateway = clients.of(ApiGatewayV2Client);
  const { ApiId } = await gateway.send(new CreateApiCommand({ Name: 'api', ProtocolType: 'HTTP' }));
  await gateway.send(
    new CreateStageCommand({
      ApiId,
      StageName: 'prod',
      AutoDeploy: true,
      StageVariables: { alias: 'live' },
    }),
  );
  await clients
    .of(LambdaClient)
    .send(new CreateAliasCommand({ FunctionName: functionName, Name: 'green', FunctionVersion: '1' }));
}

/** A tick's 1,300 requests, of which the challenger gets its share in per cent. */
async function publish(
  { clients }: Stack,
  at: number,
  { share, fails }: { readonly share: number; readonly fails: boolean },
): Promise<void> {
  const ofChallenger = 13 * share;
  const data = (
    [
      [v22, 1_300 - ofChallenger, 1],
      [v23, ofChallenger, fails ? ofChallenger / 5 : 0],
    ] as const
  ).flatMap(([version, requests, errors]): MetricDatum[] => {
    if (requests === 0) return [];
    const common = {
      Dimensions: Object.entries({ Environment: 'prod', Model: 'recommendation', ModelVersion: version }).map(
        ([Name, Value]) => ({ Name, Value }),
      ),
      Timestamp: new Date(at + 1_000),
      StorageResolution: 1,
    };
    return [
      // As the router counts: each request is a sample of Errors, 0 or 1.
      {
        ...common,
        MetricName: 'Errors',
        Unit: 'Count',
        Values: errors === 0 ? [0] : [0, 1],
        Counts: errors === 0 ? [requests] : [requests - errors, errors],
      },
      {
        ...common,
        MetricName: 'Latency',
        Unit: 'Milliseconds',
        Values: [18, 22, 40],
        Counts: [requests * 0.6, requests * 0.3, requests * 0.1],
      },
    ];
  });
  await clients.of(CloudWatchClient).send(new PutMetricDataCommand({ Namespace: 'Mlreg', MetricData: data }));
}
