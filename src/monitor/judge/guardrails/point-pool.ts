import type { ArmTick } from '../../../domain/observation.ts';
import type { Tick } from '../rule.ts';

/** Requests of both arms, and the sums of what is limited; NaN: nothing was measured. */
export interface PooledTick {
  readonly n0: number;
  readonly sum0: number;
  readonly n1: number;
  readonly sum1: number;
  readonly ms: number;
  readonly shareChanged: boolean;
}

export interface PointPool {
  /** The tick, those before it that waited included; null: it waits, or the challenger has no traffic. */
  push(tick: Tick, sum: (arm: ArmTick) => number): PooledTick | null;
}

const minuteMs = 60_000;
/** Ticks this long are read from CloudWatch; shorter ones from a source that counts each of them. */
const sparseFromMs = 10_000;

/**
 * CloudWatch has SageMaker's errors once a minute: of six ticks of ten seconds, five show none and the sixth all of them, beside the
 * requests of its own ten seconds. Such ticks are counted together, a minute at a time.
 *
 * @param sparse the source reports a point a minute
 */
export function createPointPool(sparse: boolean): PointPool {
  let pooled = emptyPool();
  return {
    push({ champion, challenger, shareChanged, tickMs }, sum) {
      if (!challenger) return null;
      // What came at another share belongs to nothing that follows.
      if (shareChanged) pooled = { ...emptyPool(), shareChanged: true };
      const sum0 = champion ? sum(champion) : NaN;
      const sum1 = sum(challenger);
      pooled.ms += tickMs;
      pooled.n1 += challenger.requests;
      pooled.sum1 = plus(pooled.sum1, sum1);
      if (champion && !Number.isNaN(sum0)) pooled.n0 += champion.requests;
      pooled.sum0 = plus(pooled.sum0, sum0);
      if (sparse && tickMs >= sparseFromMs && pooled.ms < minuteMs) return null;
      const whole = pooled;
      pooled = emptyPool();
      return whole;
    },
  };
}

/** A sum of what was measured; NaN where nothing was. */
const plus = (a: number, b: number): number => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : a + b);

function emptyPool() {
  return { n0: 0, sum0: NaN, n1: 0, sum1: NaN, ms: 0, shareChanged: false };
}
