import { type Run, type RunOptions, simulate } from './simulate.ts';

export interface Campaign {
  readonly seeds: number;
  readonly rollouts: number;
  readonly crashes: number;
  readonly virtualHours: number;
  readonly events: number;
  readonly situations: ReadonlyMap<string, number>;
  readonly violations: readonly Run[];
  /** Seeds whose second run was not the first one's double. */
  readonly unsteady: readonly number[];
}

/** One seed in so many runs twice. */
const everyTwice = 100;

export async function campaign(
  from: number,
  seeds: number,
  options: RunOptions & { readonly most?: number; readonly onRun?: (run: Run, done: number) => void } = {},
): Promise<Campaign> {
  const situations = new Map<string, number>();
  const violations: Run[] = [];
  const unsteady: number[] = [];
  let [rollouts, crashes, virtualMs, events, done] = [0, 0, 0, 0, 0];
  for (let seed = from; seed < from + seeds; seed++) {
    const run = await simulate(seed, options);
    done++;
    rollouts += run.rollouts;
    crashes += run.crashes;
    virtualMs += run.virtualMs;
    events += run.events;
    for (const [name, count] of run.situations) situations.set(name, (situations.get(name) ?? 0) + count);
    if (run.violation !== null) violations.push(run);
    if (seed % everyTwice === 0 && !same(run, await simulate(seed, options))) unsteady.push(seed);
    options.onRun?.(run, done);
    if (violations.length >= (options.most ?? Infinity)) break;
  }
  return {
    seeds: done,
    rollouts,
    crashes,
    virtualHours: virtualMs / 3_600_000,
    events,
    situations,
    violations,
    unsteady,
  };
}

export const same = (a: Run, b: Run): boolean =>
  a.hash === b.hash &&
  a.events === b.events &&
  a.violation?.message === b.violation?.message &&
  a.trace.join('\n') === b.trace.join('\n');
