/** One arm in the window. */
export interface Side {
  readonly n: number;
  /** What is limited, summed: bad requests, milliseconds, errors. */
  readonly value: number;
}

interface Entry {
  readonly champion: Side | null;
  readonly challenger: Side | null;
  readonly minutes: number;
}

export interface GuardrailWindow {
  push(entry: Entry): void;
  entries(): readonly Entry[];
  sum(arm: 'champion' | 'challenger'): Side;
  minutes(): number;
}

export const windowTicks = 5;
export const breachingTicks = 3;

/** The last five ticks of both arms: recent enough that an incident that is over is over. */
export function createGuardrailWindow(): GuardrailWindow {
  const entries: Entry[] = [];
  return {
    push(entry) {
      entries.push(entry);
      if (entries.length > windowTicks) entries.shift();
    },
    entries: () => entries,
    sum(arm) {
      let n = 0;
      let value = 0;
      for (const entry of entries) {
        n += entry[arm]?.n ?? 0;
        value += entry[arm]?.value ?? 0;
      }
      return { n, value };
    },
    minutes: () => entries.reduce((sum, entry) => sum + entry.minutes, 0),
  };
}
