/** One tick of the challenger at one share, in the limit's own measure. */
export interface BreachTick {
  readonly ms: number;
  /** What is limited: bad requests, milliseconds, errors. */
  readonly value: number;
  /** Of so many requests, or in so many minutes: `value / weight` is the level. */
  readonly weight: number;
  /** The limit of this tick, a champion that fails in the same tick considered. */
  readonly limit: number;
  /** The limit without the champion's same tick: what a clean window is measured by. */
  readonly usual: number;
  /** The champion's level in the challenger's measure; NaN: none. */
  readonly champion: number;
}

export interface BreachWatch {
  push(tick: BreachTick, shareChanged: boolean): void;
  /** The challenger's level at this share and the limit it exceeds; null: it doesn't, or no longer. */
  over(): { readonly level: number; readonly limit: number; readonly value: number } | null;
}

const minuteMs = 60_000;
const windowMinutes = 10;

/**
 * Whether the challenger is over a limit as far as counted at the present share, beyond chance or not.
 *
 * Each tick has its own limit, so an incident that both arms share adds nothing. A breach also ends when the last ten
 * minutes are clean on both arms: the champion within its usual limit, and the challenger below it beyond chance (counts), or by a fifth (means).
 */
export function createBreachWatch(kind: 'count' | 'mean'): BreachWatch {
  const here = { value: 0, weight: 0, allowed: 0 };
  const minutes: { value: number; usual: number; champion: number; ms: number }[] = [];

  function reset(): void {
    here.value = here.weight = here.allowed = 0;
    minutes.length = 0;
  }

  function clean(): boolean {
    const full = minutes.filter(({ ms }) => ms >= minuteMs).slice(-windowMinutes);
    if (full.length < windowMinutes) return false;
    const sum = (of: (minute: (typeof minutes)[number]) => number): number =>
      full.reduce((all, minute) => all + of(minute), 0);
    const [value, usual] = [sum((m) => m.value), sum((m) => m.usual)];
    if (sum((m) => m.champion) > usual) return false;
    return kind === 'count' ? value + 1.64 * Math.sqrt(value + 1) <= usual : value <= 0.8 * usual;
  }

  return {
    push({ ms, value, weight, limit, usual, champion }, shareChanged) {
      if (shareChanged) reset();
      here.value += value;
      here.weight += weight;
      here.allowed += limit * weight;
      let last = minutes.at(-1);
      if (!last || last.ms >= minuteMs) {
        last = { value: 0, usual: 0, champion: 0, ms: 0 };
        minutes.push(last);
        if (minutes.length > windowMinutes + 1) minutes.shift();
      }
      last.ms += ms;
      last.value += value;
      last.usual += usual * weight;
      last.champion += Number.isNaN(champion) ? 0 : champion * weight;
    },
    over() {
      const { value, weight, allowed } = here;
      if (!(weight > 0 && value > allowed) || clean()) return null;
      return { level: value / weight, limit: allowed / weight, value };
    },
  };
}

export function breachText(level: string, limit: string): string {
  return `challenger ${level} at this share, over the limit of ${limit}`;
}
