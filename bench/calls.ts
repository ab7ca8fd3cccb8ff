import { CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { createMetrics } from '../src/aws/cloudwatch-metrics.ts';
import type { Entry } from '../src/domain/journal.ts';
import { formatDuration } from '../src/domain/parse.ts';
import { later, percent, rolloutId } from '../src/domain/units.ts';
import { drive } from '../src/rollout/drive.ts';
import type { RolloutPorts } from '../src/rollout/ports.ts';
import { start } from '../src/rollout/own.ts';
import { openMemoryStore } from '../src/store/memory.ts';
import { functionName, type Stack, stack } from '../test/contract/aws/stack.ts';
import { modelWorld, policy, seedRegistry, startOf, v22, v23 } from '../test/support/model-world.ts';
import { table } from './machine.ts';

interface Call {
  readonly operation: string;
  readonly bytes: number;
}

/** What a rollout asks of AWS, by the adapters over local AWS in process. */
export async function calls(): Promise<string> {
  const healthy = await rollout(false);
  const failing = await rollout(true);
  return [
    `A canary of 10 and 50 %, ${formatDuration(bakeMs)} each with a look every ${formatDuration(tickMs)}, promoted (sticky routing):`,
    '',
    byPhase(healthy),
    '',
    'The same with a challenger that fails: from the verdict on.',
    '',
    wayBack(failing),
  ].join('\n');
}

const tickMs = 10_000;
const bakeMs = 300_000;

interface Ran {
  readonly calls: readonly { readonly phase: string; readonly call: Call }[];
  readonly ticks: number;
}

async function rollout(fails: boolean): Promise<Ran> {
  const made = await stack();
  const counted: { phase: string; call: Call }[] = [];
  let phase = 'fence';
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
  const wanted = startOf({
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
      steps: [10, 50].map((share) => ({ percent: share, ticks: bakeMs / tickMs })),
    },
  });
  let at = made.port.now();
  const clock: RolloutPorts['clock'] = {
    now: made.port.now,
    async sleepUntil(until) {
      // Users go on asking while the rollout waits.
      for (; at < until; at = later(at, tickMs)) {
        isCounted.now = false;
        await publish(made, at, fails);
        isCounted.now = true;
      }
      await made.port.sleepUntil(until);
    },
  };
  const { plan } = wanted;
  const onEntry = (entry: Entry): void => {
    if (entry.kind === 'observed') ticks += 1;
    if (entry.kind === 'step-done') phase = nameOf(plan.steps[entry.step + 1]?.kind ?? 'end');
    if (entry.kind === 'result' && phase === 'fence') phase = nameOf(plan.steps[0]?.kind ?? '');
    if (entry.kind === 'rolling-back') phase = 'roll back';
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
    }),
    clock,
    onEntry,
  };
  const codeSha256 = await made.platform.codeSha256();
  counted.length = 0;
  const journal = await start(ports, rolloutId('r-1'), {
    ...wanted,
    codeSha256,
    home: { functionVersion: '1', weights: {} },
  });
  counted.length = 0;
  const result = await drive(ports, journal, { signal: new AbortController().signal });
  const expected = fails ? 'rolled-back' : 'succeeded';
  if (result.kind !== 'ended' || result.outcome.kind !== expected) throw new Error(JSON.stringify(result));
  return { calls: counted, ticks };
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
  return `${method} ${path.split('/').at(-1)}`;
}

/** What could not be left out, whoever wrote it: resources to be made, writes that move users, one look a tick. */
const least: Readonly<Record<string, (ran: Ran) => string>> = {
  fence: () => '1 (the fencing write)',
  provision: () => '3 creates + 2 a route published',
  smoke: () => '1 a smoke request',
  'warm-up': () => '1 an environment',
  route: () => '1 a step',
  bake: ({ ticks }) => `${ticks} (1 a look)`,
  promote: () => '1',
};

function byPhase(ran: Ran): string {
  const phases = [...new Set(ran.calls.map(({ phase }) => phase))];
  const rows = phases.map((phase) => {
    const own = ran.calls.filter((each) => each.phase === phase);
    return [phase, String(own.length), kilobytes(own), operations(own), least[phase]?.(ran) ?? ''];
  });
  const looks = ran.calls.filter(({ call, phase }) => phase === 'bake' && call.operation === 'GetMetricData');
  rows.push(['whole rollout', String(ran.calls.length), kilobytes(ran.calls), '', '']);
  rows.push([
    'a look',
    (looks.length / ran.ticks).toFixed(2),
    (sum(looks) / 1_024 / looks.length).toFixed(1),
    'GetMetricData',
    '1',
  ]);
  return table(['phase', 'calls', 'KB', 'which', 'least possible'], rows);
}

function wayBack(ran: Ran): string {
  const own = ran.calls.filter(({ phase }) => phase === 'roll back').map(({ call }) => call.operation);
  const until = own.indexOf('UpdateAlias') + 1;
  return table(
    ['way back', 'calls', 'which', 'least possible'],
    [
      ['until users are back', String(until), own.slice(0, until).join(', '), '1'],
      ['reading back', String(own.length - until), own.slice(until).join(', '), '1'],
    ],
  );
}

const sum = (own: Ran['calls']): number => own.reduce((total, { call }) => total + call.bytes, 0);
const kilobytes = (own: Ran['calls']): string => (sum(own) / 1_024).toFixed(1);

function operations(own: Ran['calls']): string {
  const counts = new Map<string, number>();
  for (const { call } of own) counts.set(call.operation, (counts.get(call.operation) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} ${name}`)).join(', ');
}

async function publish({ clients }: Stack, at: number, fails: boolean): Promise<void> {
  const data = (
    [
      [v22, 1_000, 1],
      [v23, 300, fails ? 60 : 0],
    ] as const
  ).flatMap(([version, requests, errors]): MetricDatum[] => {
    const common = {
      Dimensions: Object.entries({ Environment: 'prod', Model: 'recommendation', ModelVersion: version }).map(
        ([Name, Value]) => ({ Name, Value }),
      ),
      Timestamp: new Date(at + 1_000),
      StorageResolution: 1,
    };
    return [
      { ...common, MetricName: 'Requests', Unit: 'Count', Value: requests },
      { ...common, MetricName: 'Errors', Unit: 'Count', Value: errors },
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
