import { dice } from './dice.ts';
import { drawSwarm, drawWindows, type Fault, type FaultKind, type Swarm, type Window } from './faults.ts';
import type { Manner, Strategy, Wish } from './programs.ts';

/** One thing that a person, or a controller, does. Dropping one leaves all others as they were. */
export interface Op {
  readonly key: string;
  readonly at: number;
  readonly kind:
    | 'deploy'
    | 'deploy again'
    | 'abort'
    | 'rollback'
    | 'resume'
    | 'watch'
    | 'ask'
    | 'controller'
    | 'gc'
    | 'configure'
    | 'foreign'
    | 'push'
    | 'change latest';
  readonly wish?: Wish;
}

export interface Story {
  readonly seed: number;
  readonly ops: readonly Op[];
  readonly windows: readonly Window[];
  readonly swarm: Swarm;
  readonly manner: Manner;
  readonly horizonMs: number;
  /** The first challenger fails every second request. */
  readonly bad: boolean;
  /** What becomes of an endpoint that is asked for, and after how long. */
  readonly endpointFate: { readonly kind: 'ready' | 'never' | 'failed'; readonly afterMs: number };
  /** Only the first endpoint of a version fails: somebody mends what failed it. */
  readonly mended?: true;
  readonly requestsPerTick: number;
  readonly withHistograms: boolean;
  /** Each machine's clock is off. */
  readonly skewed: boolean;
  /** By up to a day, as any machine's may be: mlreg goes by AWS's. */
  readonly farClocks?: true;
  /** Nothing of mlreg's serves yet. */
  readonly first?: boolean;
  /** Somebody has deleted what served v2.1.0: its Lambda version, or its endpoint. */
  readonly lost?: 'version' | 'endpoint';
  /** In the end the store is lost, or an older copy is put back, and somebody runs `mlreg recover`. */
  readonly loses?: {
    readonly kind: 'lost' | 'older';
    /** When the older copy was made. */
    readonly copiedAt: number;
    /** The first `mlreg recover` dies after so long. */
    readonly killAfterMs: number | null;
    /** Somebody has emptied the Description of alias live as well: of what is lost the other alias alone tells. */
    readonly wipes?: boolean;
    /** After that first one has died, another store is recovered and used; then somebody has the first one again. */
    readonly another?: true;
    /** The older copy is a backup, which somebody restores; the store that it was made of stays in use elsewhere. */
    readonly restores?: true;
  };
  /** API keys were revoked: what served before still lets callers in by them. */
  readonly revoked?: true;
  /** Environments of endpoints: one that nobody asks for so long is cold, and then the first request takes so long. */
  readonly cold?: { readonly idleMs: number; readonly startMs: number };
  /** Nobody suffers when somebody rolls back while no rollout is under way. */
  readonly calm?: true;
  /** All that was under way arrives before anybody recovers. */
  readonly waits: boolean;
  /** What befalls the first swap of the stage. */
  readonly swap?: { readonly kind: FaultKind; readonly ms: number };
  /** What befalls calls; drawn by the seed and `swarm` where it isn't given. */
  readonly faults?: readonly Fault[];
}

/** Whether somebody has deleted this Lambda version. */
export const isLost = ({ lost }: Pick<Story, 'lost'>, functionVersion: string): boolean =>
  lost === 'version' && functionVersion === '5';

/** What a world can play beside canary, rollback and watch on one alias. */
export type Knows = 'everything' | 'canary';

/** Who does what when, and what may go wrong: drawn from the seed alone. */
export function tell(seed: number, knows: Knows = 'everything'): Story {
  const d = dice(seed, 51);
  const swarm = drawSwarm(seed);
  // Dice of its own, so that all else stays what it was.
  const warmth = dice(seed, 55);
  const horizonMs = d.between(40_000, 200_000);
  const ops: Op[] = [{ key: 'op 0', at: d.between(0, 2_000), kind: 'deploy' }];
  const add = (kind: Op['kind'], at: number, wish?: Wish): void =>
    void ops.push({ key: `op ${ops.length}`, at, kind, ...(wish === undefined ? {} : { wish }) });
  // Most of what can go wrong goes wrong while traffic moves.
  const soon = (): number =>
    d.chance(0.4) ? d.between(3_000, 16_000) : d.between(0, d.chance(0.6) ? 45_000 : horizonMs);
  const people = d.chance(0.5) ? 0.15 : 1;
  if (d.chance(0.5)) add('controller', d.between(0, 20_000));
  if (d.chance(0.3 * people)) add('abort', soon());
  if (d.chance(0.35 * people)) add('rollback', soon());
  if (d.chance(0.25 * people)) add('rollback', soon());
  if (d.chance(0.4 * people)) add('resume', soon());
  if (d.chance(0.3)) add('deploy', d.between(20_000, horizonMs));
  if (d.chance(0.4)) add('deploy again', d.between(20_000, horizonMs));
  if (d.chance(0.2)) add('watch', d.between(20_000, horizonMs));
  for (let left = d.chance(people) ? d.of([0, 0, 1, 3]) : 0; left > 0; left--) {
    const wish = d.of<Wish>([
      { kind: 'pause' },
      { kind: 'resume' },
      { kind: 'promote', full: false },
      { kind: 'promote', full: true },
      { kind: 'traffic', percent: d.of([10, 25, 50]) },
    ]);
    add('ask', soon(), wish);
  }
  const approvals = d.chance(0.15) ? d.between(1, 2) : 0;
  if (approvals > 0) {
    for (let by = 0; by <= approvals; by++)
      if (d.chance(0.9)) add('ask', d.between(2_000, 9_000), { kind: 'approve', by });
    if (d.chance(0.1)) add('ask', d.between(2_000, 9_000), { kind: 'reject' });
  }
  if (swarm.foreign > 0) add('foreign', soon());
  if (swarm.pushes > 0) add('push', d.chance(0.6) ? d.between(1_000, 12_000) : soon());
  const windows = [...drawWindows(seed, swarm, Math.min(horizonMs, 60_000))];
  // The permission goes just when somebody needs the way back.
  const back = ops.find(({ kind }) => kind === 'abort' || kind === 'rollback');
  if (swarm.denials > 0 && back !== undefined && d.chance(0.5)) {
    const from = back.at + d.between(-500, 1_500);
    const to = from + d.between(2_000, 90_000);
    windows.push({ key: `window ${windows.length}`, call: 'writeAlias', kind: 'denied', from, to });
  }
  // Who finds the store lost goes back by the alias alone.
  const lost = windows.find(({ call }) => call === 'store');
  if (lost !== undefined && d.chance(0.6)) add('rollback', lost.from + d.between(0, 1_500));
  // Dice of its own, so that what is told of a canary stays what it was.
  const kinds = dice(seed, 52);
  const isWide = knows === 'everything' && kinds.chance(0.6);
  const routing = d.of<Manner['routing']>(['sticky', 'weighted']);
  const strategy = (): Strategy =>
    kinds.of<Strategy>(['blue-green', 'blue-green', 'canary', routing === 'sticky' ? 'shadow' : 'canary']);
  const wide = {
    green: true,
    strategies: { deploy: strategy(), again: strategy(), last: kinds.of<Strategy>(['canary', 'blue-green']) },
  };
  if (isWide && wide.strategies.deploy === 'blue-green') {
    // The swap comes early, and somebody wants back just then.
    if (kinds.chance(0.4)) add('ask', kinds.between(5_000, 14_000), { kind: 'promote', full: false });
    if (kinds.chance(0.4)) add(kinds.of(['abort', 'rollback']), kinds.between(8_000, 30_000));
  }
  // Nothing locks a swap: its owner stands still before it, or dies with it under way, and somebody takes over.
  const swap =
    isWide && kinds.chance(0.2)
      ? {
          kind: kinds.of<FaultKind>(['pause-before', 'late', 'crash-late']),
          ms: kinds.between(4_000, 120_000),
        }
      : undefined;
  if (isWide && kinds.chance(0.2)) add('gc', kinds.between(10_000, horizonMs));
  const isFirst = isWide && kinds.chance(0.15);
  // Dice of its own, so that all else stays what it was.
  const fate = dice(seed, 54);
  // A watch has no other way back.
  const isLosing = isWide && !isFirst && fate.chance(0.15) && ops.every(({ kind }) => kind !== 'watch');
  const lostPart = fate.of(['version', 'endpoint'] as const);
  // Dice of its own: somebody changes how versions are served, and puts that on trial or not.
  const settings = dice(seed, 57);
  if (settings.chance(0.25)) {
    const at = settings.between(0, horizonMs);
    add('configure', at);
    if (settings.chance(0.6)) add('deploy', at + settings.between(0, 60_000));
    if (settings.chance(0.2)) add('configure', at + settings.between(0, 60_000));
  }
  if (settings.chance(0.08))
    add('change latest', settings.chance(0.6) ? settings.between(1_000, 12_000) : soon());
  // A rollback needs nothing of $LATEST: its permissions go just when somebody rolls back.
  if (swarm.denials > 0 && back !== undefined && fate.chance(0.5)) {
    const from = Math.max(0, back.at - 1_000);
    const kind = fate.of(['denied', 'unreachable'] as const);
    windows.push({ key: `window ${windows.length}`, call: 'latest', kind, from, to: from + 90_000 });
  }
  return {
    seed,
    ...(isFirst ? { first: true } : {}),
    ...(isLosing ? { lost: lostPart } : {}),
    ...(fate.chance(0.25) ? { revoked: true as const } : {}),
    ...(dice(seed, 56).chance(0.7) ? { mended: true as const } : {}),
    ...(fate.chance(0.08) && swarm.foreign === 0 && !isFirst
      ? {
          loses: {
            kind: fate.of(['lost', 'older'] as const),
            copiedAt: fate.between(0, horizonMs),
            killAfterMs: fate.chance(0.5) ? fate.between(20, 900) : null,
            wipes: fate.chance(0.8),
            ...(dice(seed, 58).chance(0.5) ? { another: true as const } : {}),
            ...(dice(seed, 71).chance(0.5) ? { restores: true as const } : {}),
          },
        }
      : {}),
    ops,
    swarm,
    horizonMs,
    windows,
    manner: {
      routing,
      ...(isWide ? wide : {}),
      bakeMs: d.between(3, 7) * 1_000,
      steps: d.of([[10, 50], [10], [5, 25, 50]]),
      approvals,
      onInconclusive: d.of(['hold', 'extend', 'promote', 'promote', 'promote', 'rollback']),
      ...(fate.chance(0.15) ? { onBreach: fate.of(['hold', 'hold-at-zero'] as const) } : {}),
      thinkMs: d.of([0, 0, 0, 5_000, 40_000]),
    },
    bad: d.chance(0.3),
    endpointFate: {
      kind: swarm.endpoints > 0 ? d.of(['ready', 'ready', 'ready', 'never', 'failed']) : 'ready',
      afterMs: d.between(0, 8_000),
    },
    requestsPerTick: d.of([200, 400, 1_000, 200, 20]),
    withHistograms: d.chance(0.5),
    skewed: swarm.clocks > 0,
    waits: d.chance(0.5),
    cold: {
      idleMs: warmth.of([2_000, 10_000, 300_000]),
      startMs: warmth.of([0, 1_000, 6_000, 29_000, 50_000]),
    },
    ...(warmth.chance(0.6) ? { calm: true as const } : {}),
    ...(swap === undefined ? {} : { swap }),
  };
}

/** The same people and faults in less time, for a level whose calls are dear. */
export function tellBriefly(seed: number): Story {
  const story = tell(seed);
  const horizonMs = Math.min(story.horizonMs, 90_000);
  return {
    ...story,
    farClocks: true,
    horizonMs,
    ops: story.ops.filter(({ at }) => at < horizonMs),
    manner: { ...story.manner, bakeMs: 3_000, steps: story.manner.steps.slice(0, 2) },
  };
}

/** The part of it that takes part. */
export const only = (story: Story, allows: (key: string) => boolean): Story => ({
  ...story,
  ops: story.ops.filter(({ key }) => allows(key)),
  windows: story.windows.filter(({ key }) => allows(key)),
  endpointFate: allows('endpoint') ? story.endpointFate : { ...story.endpointFate, kind: 'ready' },
  skewed: story.skewed && allows('skew'),
});
