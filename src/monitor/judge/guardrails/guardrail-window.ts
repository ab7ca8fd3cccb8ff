/** One arm's numbers: requests, and what is limited, summed: bad requests, milliseconds, errors. */
export interface Side {
  readonly n: number;
  readonly value: number;
}

/** One tick; null: nothing was measured. */
export interface WindowTick {
  readonly champion: Side | null;
  readonly challenger: Side | null;
  readonly minutes: number;
}

export interface GuardrailWindow {
  /** Champion's and challenger's numbers of one tick; NaN values: nothing was measured. */
  push(n0: number, value0: number, n1: number, value1: number, minutes: number): void;
  /** Oldest first. */
  ticks(): readonly WindowTick[];
  sum(arm: 'champion' | 'challenger'): Side;
  minutes(): number;
}

export const windowTicks = 5;
export const breachingTicks = 3;

const fields = 5;

/** The last five ticks of both arms: recent enough that an incident that is over is over. */
export function createGuardrailWindow(): GuardrailWindow {
  const ring = new Float64Array(windowTicks * fields);
  let pushed = 0;
  const side = (n: number, value: number): Side | null => (Number.isNaN(value) ? null : { n, value });
  function ticks(): readonly WindowTick[] {
    const held = Math.min(pushed, windowTicks);
    return Array.from({ length: held }, (_, i) => {
      const at = ((pushed - held + i) % windowTicks) * fields;
      return {
        champion: side(ring[at]!, ring[at + 1]!),
        challenger: side(ring[at + 2]!, ring[at + 3]!),
        minutes: ring[at + 4]!,
      };
    });
  }
  return {
    push(n0, value0, n1, value1, minutes) {
      const at = (pushed % windowTicks) * fields;
      ring[at] = n0;
      ring[at + 1] = value0;
      ring[at + 2] = n1;
      ring[at + 3] = value1;
      ring[at + 4] = minutes;
      pushed++;
    },
    ticks,
    sum(arm) {
      let n = 0;
      let value = 0;
      for (const tick of ticks()) {
        n += tick[arm]?.n ?? 0;
        value += tick[arm]?.value ?? 0;
      }
      return { n, value };
    },
    minutes: () => ticks().reduce((sum, tick) => sum + tick.minutes, 0),
  };
}
