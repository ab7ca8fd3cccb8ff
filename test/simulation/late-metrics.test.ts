import { describe, expect, it } from 'vitest';
import type { ArmTick } from '../../src/domain/observation.ts';
import { instant, rolloutId } from '../../src/domain/units.ts';
import type { MetricsQuery } from '../../src/ports/index.ts';
import { drive } from '../../src/rollout/drive.ts';
import { start, takeOver } from '../../src/rollout/own.ts';
import { replay } from '../../src/rollout/replay.ts';
import { tick } from '../../src/rollout/tick.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { actor, type ModelWorld, modelWorld, seedRegistry, startOf } from '../support/model-world.ts';

const id = rolloutId('r-1');
const never = new AbortController().signal;

interface Lag {
  readonly champion: number;
  readonly challenger: number;
}

/** Metrics that show each tick so long after its end; `errors` is the challenger's share of failed requests. */
function lateWorld(lag: Lag, errors: number): ModelWorld {
  const world = modelWorld();
  const arm = (query: MetricsQuery, at: number, of: keyof Lag): ArmTick | null => {
    if (query[of] === null) return null;
    const share = Number(query.plannedPercent) / 100;
    const all = Math.round(400 * (of === 'challenger' ? share : 1 - share));
    const requests = at + lag[of] <= world.ports.clock.now() ? all : 0;
    const failed = of === 'challenger' ? Math.round(requests * errors) : 0;
    return { requests, errors: failed, throttles: 0 };
  };
  world.reading = (query) => ({
    kind: 'read',
    observations: Array.from({ length: (query.to - query.from) / query.tickMs }, (_, i) => {
      const at = instant(query.from + (i + 1) * query.tickMs);
      return {
        at,
        tickMs: query.tickMs,
        plannedPercent: Number(query.plannedPercent),
        champion: arm(query, at, 'champion'),
        challenger: arm(query, at, 'challenger'),
      };
    }),
  });
  return world;
}

const horizonMs = 60_000;
const lags: readonly [string, Lag][] = [
  ['nothing is late', { champion: 0, challenger: 0 }],
  ['both arms are late', { champion: 20_000, challenger: 20_000 }],
  ['the challenger is late', { champion: 0, challenger: 30_000 }],
  ['the champion is late', { champion: 30_000, challenger: 0 }],
];

describe.each(lags)('%s', (_name, lag) => {
  it('a challenger that fails all requests is rolled back by its verdict', async () => {
    const world = lateWorld(lag, 1);
    await seedRegistry(world);
    const journal = await start(world.ports, id, startOf({ horizonMs }));
    expect(await drive(world.ports, journal, { signal: never })).toMatchObject({
      kind: 'ended',
      outcome: {
        kind: 'rolled-back',
        cause: { kind: 'verdict', sentence: expect.stringContaining('fail') as string },
      },
    });
    expect(world.alias().target).toEqual({ functionVersion: '7', weights: {} });
  });

  it('a healthy one is promoted on whole ticks alone, however often another process takes it up', async () => {
    const [whole, parts] = [lateWorld(lag, 0), lateWorld(lag, 0)];
    for (const world of [whole, parts]) await seedRegistry(world);
    const journal = await start(whole.ports, id, startOf({ horizonMs }));
    expect(await drive(whole.ports, journal, { signal: never })).toMatchObject({
      outcome: { kind: 'succeeded' },
    });

    let own = await start(parts.ports, id, startOf({ horizonMs }));
    for (let looks = 1; ; looks++) {
      const result = await tick(parts.ports, own);
      if (result.kind === 'ended') {
        expect(result.outcome.kind).toBe('succeeded');
        break;
      }
      if (result.kind !== 'again' || looks > 3_000) throw new Error(`${result.kind} after ${looks} looks`);
      await parts.ports.clock.sleepUntil(result.at);
      if (looks % 40 === 0) {
        // What a process remembers of its looks dies with it.
        Object.assign(parts.ports, { metrics: { ...parts.ports.metrics } });
        own = await takeOver(parts.ports, id, actor(), { alias: 'live' });
      }
    }
    const tableOf = async (world: ModelWorld) =>
      replay(id, await openMemoryStore(world.place).journal(id)).observations;
    for (const world of [whole, parts]) {
      for (const { champion, challenger, straddlesChange } of await tableOf(world)) {
        if (straddlesChange === true) continue;
        expect((champion?.requests ?? 0) + (challenger?.requests ?? 0)).toBeGreaterThanOrEqual(
          champion === null ? 1 : 400,
        );
      }
    }
  });
});
