import type { PeerTick } from './peer.ts';

interface Sum {
  readonly n0: number;
  readonly x0: number;
  readonly n1: number;
  readonly x1: number;
}

/** The sum of the last so many ticks; null until there are so many. */
export function rollingWindow(length: number): (tick: PeerTick) => Sum | null {
  const last: PeerTick[] = [];
  const sum = { n0: 0, x0: 0, n1: 0, x1: 0 };
  const add = (tick: PeerTick, sign: 1 | -1): void => {
    sum.n0 += sign * tick.n0;
    sum.x0 += sign * tick.x0;
    sum.n1 += sign * tick.n1;
    sum.x1 += sign * tick.x1;
  };
  return (tick) => {
    last.push(tick);
    add(tick, 1);
    if (last.length > length) add(last.shift()!, -1);
    return last.length === length ? sum : null;
  };
}

/** The sum of each whole period of so many ticks, at its end; null in between. */
export function wholePeriods(length: number): (tick: PeerTick) => Sum | null {
  let ticks = 0;
  let sum = { n0: 0, x0: 0, n1: 0, x1: 0 };
  return ({ n0, x0, n1, x1 }) => {
    sum = { n0: sum.n0 + n0, x0: sum.x0 + x0, n1: sum.n1 + n1, x1: sum.x1 + x1 };
    ticks++;
    if (ticks < length) return null;
    const whole = sum;
    ticks = 0;
    sum = { n0: 0, x0: 0, n1: 0, x1: 0 };
    return whole;
  };
}
