import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { ArmTick, Observation } from '../../src/domain/observation.ts';
import { createReplay } from '../../src/engine/replay-judge.ts';
import { arm, edges, policyOf, tick } from '../unit/judge/traffic.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const latency = () => ({ latency: { le: [...edges], count: [0, 0, 0, 3, 4, 2, 1, 0, 0, 0, 0] } });
const one = (n: number, challenger: ArmTick | null): Observation =>
  tick(n, arm(10, n % 2, latency()), challenger);

/** How many of so many observations are still held after they were judged, and the replay that may hold them. */
async function kept(count: number, of: (n: number) => Observation) {
  // With no margin at all an equal challenger is never shown to be no worse: nothing is decided.
  const policy = policyOf({
    promoteMargin: { ratio: 1, difference: 0, slower: 0 },
    guardrails: { errorRate: null, meanLatencyMs: 1000, endpointErrorsPerMinute: null, throttleRate: 0.1 },
  });
  const replay = createReplay({ policy, gathersHistory: true, bakes: null });
  const weak: WeakRef<ArmTick>[] = [];
  for (let n = 1; n <= count; n++) {
    const observation = of(n);
    weak.push(new WeakRef(observation.champion!));
    replay.push(observation);
  }
  // A weak reference holds what it was made of until the turn is over.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  const held = weak.filter((ref) => ref.deref() !== undefined).length;
  return { held, result: replay.result() };
}

describe('of a recording of any length', () => {
  it('ticks that were judged are not kept', async () => {
    const { held, result } = await kept(20_000, (n) => one(n, arm(10, (n + 1) % 2, latency())));
    expect(result).toMatchObject({ decision: 'hold', ticks: 20_000 });
    expect(held).toBeLessThan(20);
  });

  it('of the champion’s past no more than the newest are kept', async () => {
    const { held, result } = await kept(45_000, (n) => one(n, null));
    expect(result).toMatchObject({ decision: 'hold', historyTicks: 45_000 });
    expect(held).toBeLessThanOrEqual(20_000);
    expect(held).toBeGreaterThanOrEqual(10_000);
  });
});
