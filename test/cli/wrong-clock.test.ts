import { describe, expect, it } from 'vitest';
import { type AwsTime, createAwsTime } from '../../src/aws/aws-time.ts';
import { createClients } from '../../src/aws/clients.ts';
import { createMetrics } from '../../src/aws/cloudwatch-metrics.ts';
import { identity } from '../../src/aws/identity.ts';
import { exitCode } from '../../src/commands/exit-codes.ts';
import { instant, rolloutId } from '../../src/domain/units.ts';
import { inProcess } from '../support/in-process.ts';
import { replay } from '../../src/engine/fold-journal.ts';
import { createEmfLine } from '../../src/router/emf-line.ts';
import { parseRoute } from '../../src/router/route.ts';
import { type CliWorld, projectConfig, serving } from '../support/cli-world.ts';
import { bench, virtualClock } from '../unit/local-aws/core/bench.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** By how much the machine's clock is ahead, so long after the beginning, ms. */
type Error = (sinceMs: number) => number;

const failsFromMs = 12_000;

interface Scene {
  readonly cli: CliWorld;
  readonly time: AwsTime;
  readonly sinceMs: () => number;
}

/**
 * mlreg on a machine whose clock is wrong, in a project whose metrics are local AWS's CloudWatch behind the adapter and the
 * SDK. Users ask 50 times a second; v2.3.0 begins to fail every third request.
 */
async function scene(error: Error): Promise<Scene> {
  const known: { time?: AwsTime } = {};
  const cli = await serving(
    projectConfig.replace(
      'bake: 10s, tick: 1s, extend: 10s }\n  shadow',
      'bake: 5m, tick: 1s, extend: 10s }\n  shadow',
    ),
    undefined,
    (clock) => ({
      ...clock,
      now: () => instant(known.time?.now() ?? clock.now()),
      // As the real one: a timer on a clock that nobody sets.
      sleepUntil: (at, signal) =>
        clock.sleepUntil(instant(clock.now() + Math.max(0, at - (known.time?.now() ?? clock.now()))), signal),
    }),
  );
  const zero = cli.clock.now();
  const sinceMs = (): number => cli.clock.now() - zero;
  const time = (known.time = createAwsTime({
    wall: () => cli.clock.now() + error(sinceMs()),
    monotonic: sinceMs,
  }));
  const awsClock = virtualClock(zero - 10 * minute);
  const { local } = bench({ clock: awsClock, settings: { datesAnswers: true } });
  const clients = createClients(
    {
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      requestHandler: inProcess(local) as never,
    },
    {},
    time,
  );
  const emf = createEmfLine({ environment: 'dev', model: 'recommendation', metricResolution: 1 });
  let counted = awsClock.now();
  /** What users have asked since. Time does not pass for the CLI meanwhile. */
  const follow = async (): Promise<void> => {
    const { MLREG_ROUTE: served = '' } = cli.model.variablesOf(cli.model.alias().target.functionVersion);
    const route = served === '' ? undefined : parseRoute(served);
    const share = route?.challenger === undefined ? 0 : Number(route.percent);
    const lines: string[] = [];
    for (; counted + 20 <= cli.clock.now(); counted += 20) {
      const nth = counted / 20;
      const isOnTrial = (nth * 37) % 100 < share;
      const failed = isOnTrial && nth % 3 === 0 && counted - zero >= failsFromMs;
      lines.push(
        emf(
          counted,
          isOnTrial ? 'v2.3.0' : 'v2.2.0',
          { Requests: 1, Errors: failed ? 1 : 0, Throttles: 0, ...(failed ? {} : { Latency: 20 }) },
          {},
        ),
      );
    }
    local.putLogLines({ functionName: 'recommendation-inference-dev' } as never, lines);
    await awsClock.advance(Math.max(0, cli.clock.now() - awsClock.now()));
  };
  const metrics = createMetrics({
    clients,
    environment: 'dev',
    model: 'recommendation',
    routing: 'sticky',
    functionName: 'recommendation-inference-dev',
    alias: 'live',
    now: () => time.now(),
    resolution: { routerMs: 1_000, awsMs: 1_000 },
  });
  const { ports } = cli.model;
  Object.assign(ports.metrics, {
    read: async (query: Parameters<typeof metrics.read>[0]) => {
      await follow();
      return metrics.read(query);
    },
  });
  const { readAlias } = ports.platform;
  ports.platform.readAlias = async (name) => {
    await follow();
    // Any answer tells the time.
    await identity(clients);
    return readAlias(name);
  };
  cli.machineAheadMs = () => time.machineAheadMs();
  return { cli, time, sinceMs };
}

const between =
  (from: number, to: number, ms: number): Error =>
  (since) =>
    since >= from && since < to ? ms : 0;

describe('a canary whose challenger fails, on a machine whose clock is wrong', () => {
  it.each<[string, Error, string | null]>([
    ['not at all', () => 0, null],
    [
      '3 minutes ahead for 4 s',
      between(10_000, 14_000, 3 * minute),
      "this machine's clock is 3m ahead of AWS's",
    ],
    ['an hour ahead for 4 s', between(10_000, 14_000, hour), "this machine's clock is 1h ahead of AWS's"],
    ['an hour behind for 4 s', between(10_000, 14_000, -hour), "this machine's clock is 1h behind AWS's"],
    ['a day ahead for 4 s', between(10_000, 14_000, day), "this machine's clock is 1d ahead of AWS's"],
    [
      '3 minutes ahead from then on',
      between(10_000, Infinity, 3 * minute),
      "this machine's clock is 3m ahead of AWS's",
    ],
    ['an hour ahead from the start', () => hour, "this machine's clock is 1h ahead of AWS's"],
    ['a day behind from the start', () => -day, "this machine's clock is 1d behind AWS's"],
    ['an hour ahead until NTP sets it', between(0, 7_000, hour), "this machine's clock is 1h ahead of AWS's"],
  ])('rolls back as soon as with a good one, and reads each second once: %s', async (_, error, note) => {
    const { cli, sinceMs } = await scene(error);
    const { code, stderr } = await cli.run('deploy --model-version v2.3.0');
    expect(code).toBe(exitCode.rolledBack);
    expect(stderr).toMatch(/rolled.back/);
    // 17 s with a good clock; seconds rounded by Date headers may cost one look.
    expect(sinceMs()).toBeLessThanOrEqual(18_000);
    const entries = await cli.store.journal(rolloutId('r-1'));
    const { observations, notes } = replay(rolloutId('r-1'), entries);
    const ticks = observations.map(({ at }) => at);
    expect(ticks.length).toBeGreaterThan(2);
    expect(ticks).toEqual(ticks.map((_tick, i) => ticks[0]! + 1_000 * i));
    if (note !== null) expect(notes.join()).toContain(note);
    const zero = cli.clock.now() - sinceMs();
    for (const { at } of entries) {
      expect(at).toBeGreaterThanOrEqual(zero - 1_000);
      expect(at).toBeLessThanOrEqual(cli.clock.now() + 1_000);
    }
  });
});

describe('doctor', () => {
  it.each([
    [
      '3 minutes ahead',
      3 * minute,
      "! clock      this machine's clock is 3m ahead of AWS's; mlreg goes by AWS's",
    ],
    ['a day behind', -day, "! clock      this machine's clock is 1d behind AWS's; mlreg goes by AWS's"],
    ['31 s ahead', 31_000, "! clock      this machine's clock is 31s ahead of AWS's; mlreg goes by AWS's"],
  ])('warns of a clock that is %s, and says how to set it', async (_, ms, line) => {
    const { cli } = await scene(() => ms);
    const { stdout } = await cli.run('doctor');
    expect(stdout).toContain(line);
    expect(stdout).toContain('try: let NTP set it: sudo timedatectl set-ntp true');
    expect(stdout.split("this machine's clock").length).toBe(2);
    const { findings } = await cli.ask('doctor');
    expect(findings).toContainEqual(expect.objectContaining({ check: 'clock', ok: true, warning: true }));
  });

  it.each([0, 3_000, -20_000])('does not warn of %i ms', async (ms) => {
    const { cli } = await scene(() => ms);
    expect((await cli.run('doctor')).stdout).not.toContain('! clock');
  });
});
