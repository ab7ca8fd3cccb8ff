import { type Run, type RunOptions, simulate } from './simulate.ts';

/** What a range of seeds came to: plain data, for it crosses from one thread to another. */
export interface Campaign {
  seeds: number;
  rollouts: number;
  crashes: number;
  virtualMs: number;
  events: number;
  /** Seeds that were run a second time. */
  twice: number;
  readonly situations: Map<string, number>;
  readonly violations: Failure[];
  /** Seeds whose second run was not the first one's double. */
  readonly unsteady: number[];
}

export interface Failure {
  readonly seed: number;
  readonly message: string;
}

/** One seed in so many runs twice. */
const everyTwice = 100;

export const emptyCampaign = (): Campaign => ({
  seeds: 0,
  rollouts: 0,
  crashes: 0,
  virtualMs: 0,
  events: 0,
  twice: 0,
  situations: new Map(),
  violations: [],
  unsteady: [],
});

export async function campaign(
  from: number,
  seeds: number,
  options: RunOptions & { readonly most?: number } = {},
): Promise<Campaign> {
  const all = emptyCampaign();
  for (let seed = from; seed < from + seeds; seed++) {
    const run = await simulate(seed, options);
    all.seeds++;
    all.rollouts += run.rollouts;
    all.crashes += run.crashes;
    all.virtualMs += run.virtualMs;
    all.events += run.events;
    for (const [name, count] of run.situations) tally(all.situations, name, count);
    if (run.violation !== null) all.violations.push({ seed, message: run.violation.message });
    if (seed % everyTwice === 0) {
      all.twice++;
      if (!same(run, await simulate(seed, options))) all.unsteady.push(seed);
    }
    if (all.violations.length >= (options.most ?? Infinity)) break;
  }
  return all;
}

export function add(all: Campaign, part: Campaign): void {
  all.seeds += part.seeds;
  all.rollouts += part.rollouts;
  all.crashes += part.crashes;
  all.virtualMs += part.virtualMs;
  all.events += part.events;
  all.twice += part.twice;
  for (const [name, count] of part.situations) tally(all.situations, name, count);
  all.violations.push(...part.violations);
  all.unsteady.push(...part.unsteady);
}

const tally = (situations: Map<string, number>, name: string, count: number): void =>
  void situations.set(name, (situations.get(name) ?? 0) + count);

export const same = (a: Run, b: Run): boolean =>
  a.hash === b.hash &&
  a.events === b.events &&
  a.violation?.message === b.violation?.message &&
  a.trace.join('\n') === b.trace.join('\n');
