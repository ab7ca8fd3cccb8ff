import type { Peer } from './peer.ts';

/** One-sided 1 % point of the normal distribution. */
const critical = 2.3263478740408408;

/** A two-proportion z-test of all counts so far, one-sided at 1 %, repeated at every tick. */
export const repeatedZTest: Peer = {
  name: 'z-test every tick',
  start() {
    const sum = { n0: 0, x0: 0, n1: 0, x1: 0 };
    return {
      push({ n0, x0, n1, x1 }) {
        sum.n0 += n0;
        sum.x0 += x0;
        sum.n1 += n1;
        sum.x1 += x1;
        return zOf(sum) >= critical;
      },
    };
  },
};

/** 0 where nothing can be said. */
export function zOf({ n0, x0, n1, x1 }: { n0: number; x0: number; n1: number; x1: number }): number {
  const p = (x0 + x1) / (n0 + n1);
  const variance = p * (1 - p) * (1 / n0 + 1 / n1);
  return variance > 0 && Number.isFinite(variance) ? (x1 / n1 - x0 / n0) / Math.sqrt(variance) : 0;
}
