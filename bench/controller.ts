import { CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { createClients } from '../src/aws/clients.ts';
import { createMetrics } from '../src/aws/cloudwatch-metrics.ts';
import { gatheredReads } from '../src/aws/gathered-reads.ts';
import { readMetricData } from '../src/aws/metric-data.ts';
import { lap } from '../src/controller/lap.ts';
import type { Post } from '../src/controller/watched.ts';
import { controllerCommand } from '../src/domain/controller.ts';
import { percent, rolloutId } from '../src/domain/units.ts';
import { inProcess } from '../test/support/in-process.ts';
import { systemClock } from '../src/host/machine.ts';
import { start } from '../src/runner/own.ts';
import { tick } from '../src/runner/tick.ts';
import { memorySightings } from '../src/store/sightings.ts';
import { bench as localAws, virtualClock } from '../test/unit/local-aws/core/bench.ts';
import {
  actor,
  type ModelWorld,
  modelWorld,
  policy,
  seedRegistry,
  startOf,
  v22,
  v23,
} from '../test/support/model-world.ts';
import { median, table } from './machine.ts';

const tickMs = 10_000;
const looks = 12;

interface Measured {
  readonly cloudWatchCalls: number;
  readonly metrics: number;
  readonly storeCalls: number;
  readonly platformCalls: number;
  readonly cpuMs: number;
  readonly heapMb: number;
}

/** What a tick of so many rollouts costs one process: a canary in its bake each, over CloudWatch's wire, in process. */
export async function controller(): Promise<string> {
  const rows: string[][] = [];
  let base: number | undefined;
  for (const rollouts of [10, 100, 1_000]) {
    const gathered = await measure(rollouts, true);
    const alone = rollouts > 100 ? null : await measure(rollouts, false);
    const each = gathered.cpuMs / rollouts;
    base ??= each;
    rows.push([
      String(rollouts),
      String(gathered.cloudWatchCalls),
      alone === null ? `${rollouts} (one each)` : String(alone.cloudWatchCalls),
      String(Math.ceil(gathered.metrics / 500)),
      (gathered.storeCalls / rollouts).toFixed(1),
      (gathered.platformCalls / rollouts).toFixed(1),
      (gathered.cpuMs / 1_000).toFixed(2),
      each.toFixed(2),
      (each / base).toFixed(2),
      gathered.heapMb.toFixed(0),
      ((gathered.heapMb * 1_024) / rollouts).toFixed(0),
    ]);
  }
  return table(
    [
      'rollouts',
      'GetMetricData a tick',
      'ungathered',
      'least possible',
      'store calls a rollout',
      'Lambda, SageMaker calls',
      'CPU s a tick',
      'CPU ms a rollout',
      '× of 10',
      'heap MB',
      'heap KB a rollout',
    ],
    rows,
  );
}

async function measure(rollouts: number, gather: boolean): Promise<Measured> {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const worlds = await Promise.all(Array.from({ length: rollouts }, baking));
  const now = Math.max(...worlds.map(({ ports }) => ports.clock.now())) + 60_000;
  for (const world of worlds) world.advance(now - world.ports.clock.now());
  const clock = virtualClock(now);
  const aws = localAws({ clock });
  const counted = { calls: 0, metrics: 0 };
  const served: Parameters<typeof aws.local.handle>[0][] = [];
  const recording = {
    handle: (request: Parameters<typeof aws.local.handle>[0]) => {
      served.push(request);
      return aws.local.handle(request);
    },
  };
  const clients = createClients({
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler: inProcess(recording) as never,
  });
  const direct = async (request: Parameters<typeof readMetricData>[1]) => {
    counted.calls++;
    counted.metrics += request.stats.length;
    return readMetricData(clients, request);
  };
  const read = gather ? gatheredReads(direct, systemClock) : direct;
  const posts = worlds.map((world, index) =>
    postIn(
      world,
      createMetrics({
        clients,
        environment: 'prod',
        model: `model-${index}`,
        routing: 'sticky',
        functionName: `model-${index}`,
        alias: 'live',
        now: () => clock.now(),
        read,
      }),
    ),
  );
  const samples: Omit<Measured, 'heapMb'>[] = [];
  for (let look = 0; look < looks; look++) {
    await publish(clients.of(CloudWatchClient), rollouts, clock.now());
    await clock.advance(tickMs);
    for (const world of worlds) {
      world.advance(tickMs);
      world.calls.length = 0;
    }
    Object.assign(counted, { calls: 0, metrics: 0 });
    served.length = 0;
    const cpu = process.cpuUsage();
    const results = await Promise.all(posts.map((post) => lap(post, true)));
    const whole = cpuMs(process.cpuUsage(cpu));
    // What CloudWatch itself works in this process isn't the controller's: the same again, alone.
    const cloudWatch = process.cpuUsage();
    for (const request of [...served]) await aws.local.handle(request);
    const itsMs = cpuMs(process.cpuUsage(cloudWatch));
    const odd = results.find(({ kind }) => kind !== 'again');
    if (odd !== undefined) throw new Error(`a rollout left its bake: ${JSON.stringify(odd)}`);
    const names = worlds.flatMap(({ calls }) => calls);
    const storeCalls = names.filter((name) => name.startsWith('store.')).length;
    samples.push({
      cloudWatchCalls: counted.calls,
      metrics: counted.metrics,
      storeCalls,
      platformCalls: names.length - storeCalls,
      cpuMs: whole - itsMs,
    });
  }
  globalThis.gc?.();
  const heapMb = (process.memoryUsage().heapUsed - before) / 2 ** 20;
  // The first looks take the rollouts over.
  const settled = samples.slice(3);
  const of = (key: keyof Omit<Measured, 'heapMb'>): number => median(settled.map((sample) => sample[key]));
  clients.close();
  return {
    cloudWatchCalls: of('cloudWatchCalls'),
    metrics: of('metrics'),
    storeCalls: of('storeCalls'),
    platformCalls: of('platformCalls'),
    cpuMs: of('cpuMs'),
    heapMb,
  };
}

const cpuMs = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1_000;

/** A canary whose challenger has had its first 10 % of users for a moment, and whose owner has let go. */
async function baking(): Promise<ModelWorld> {
  const world = modelWorld();
  await seedRegistry(world);
  const wanted = startOf({
    tickMs,
    settleMs: tickMs,
    steps: [percent(10)],
    bakeMs: 24 * 3_600_000,
    maxHoldMs: 24 * 3_600_000,
    policy: { ...policy, tickMs, historyTickMs: tickMs, steps: [{ percent: 10, ticks: 8_640 }] },
  });
  const quiet = { ...world.ports, onEntry: () => undefined };
  const journal = await start(quiet, rolloutId('r-1'), wanted);
  while (journal.state().route?.kind !== 'split') {
    const result = await tick(quiet, journal);
    if (result.kind === 'again') world.advance(Math.max(1, result.at - world.ports.clock.now()));
  }
  await world.ports.store.release(journal.token);
  return world;
}

const postIn = (world: ModelWorld, metrics: Post['ports']['metrics']): Post => ({
  ports: { ...world.ports, metrics, onEntry: () => undefined },
  sightings: memorySightings(),
  actor: { ...actor('controller'), host: 'lambda', command: controllerCommand },
  silenceMs: 60_000,
  isAlive: () => 'unknown',
});

/** What the routers of so many models said in the tick that begins now: 200 requests, of which 20 the challenger's. */
async function publish(cloudWatch: CloudWatchClient, rollouts: number, at: number): Promise<void> {
  const Timestamp = new Date(at + 1_000);
  const data: MetricDatum[] = [];
  for (let index = 0; index < rollouts; index++) {
    for (const [version, requests] of [
      [v22, 180],
      [v23, 20],
    ] as const) {
      const Dimensions = [
        { Name: 'Environment', Value: 'prod' },
        { Name: 'Model', Value: `model-${index}` },
        { Name: 'ModelVersion', Value: version },
      ];
      const common = { Dimensions, Timestamp, StorageResolution: 1 };
      data.push(
        { ...common, MetricName: 'Requests', Unit: 'Count', Value: requests },
        { ...common, MetricName: 'Errors', Unit: 'Count', Value: 0 },
        {
          ...common,
          MetricName: 'Latency',
          Unit: 'Milliseconds',
          Values: [18, 22, 40],
          Counts: [requests * 0.6, requests * 0.3, requests * 0.1],
        },
      );
    }
  }
  for (let from = 0; from < data.length; from += 900)
    await cloudWatch.send(
      new PutMetricDataCommand({ Namespace: 'Mlreg', MetricData: data.slice(from, from + 900) }),
    );
}
