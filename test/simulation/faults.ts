import { dice, draw } from './dice.ts';

/** What befalls one call. Request and reply are two legs, and the effect stands between them. */
export type FaultKind =
  /** No effect, no answer. */
  | 'error-before'
  /** It took effect, no answer. */
  | 'lost'
  /** No answer in time; it takes effect up to a minute and a half later, if its condition still holds. */
  | 'late'
  | 'throttle'
  | 'crash-before'
  | 'crash-after'
  /** The process dies with its request under way. */
  | 'crash-late'
  /** Asleep between decision and request. */
  | 'pause-before'
  | 'pause-after'
  /** The machine's clock is set. */
  | 'clock'
  /** The same, and after some seconds it is right again. */
  | 'clock-briefly'
  /** A read that AWS answers from before its last write. */
  | 'stale'
  | MetricFault;

export type MetricFault =
  /** The newest ticks are not there yet, and are never asked for again. */
  | 'late-metrics'
  | 'zeros'
  | 'half'
  | 'doubled'
  /** Every tick twice. */
  | 'repeated'
  | 'nan'
  | 'no-champion'
  | 'no-challenger'
  | 'unreadable'
  | 'metrics-denied';

export interface Fault {
  /**
   * Of a drawn one, or of one that is tried at every call: `process n`, its n-th call. Of a story's own: `process call n`, its
   * n-th call of that kind, which other calls that come to be made do not move; or `swap`. Dropping one leaves all others as they were.
   */
  readonly key: string;
  readonly kind: FaultKind;
  readonly ms: number;
}

/** A fault as it befell a call. */
export interface Struck extends Fault {
  /** The key that a story's own fault has. */
  readonly call: string;
  /** It could change nothing about this call, as a late reading cannot about a write. */
  readonly isInert: boolean;
}

/** A time during which calls of this name are answered so, whoever makes them. */
export interface Window {
  readonly key: string;
  /** `store` and `aws` stand for all of its calls, `latest` for what publishing needs: reading $LATEST, changing and publishing it. */
  readonly call: string;
  /** `readonly`: what the call reads it gets, and what it writes is refused (a full disk, PutItem or the key denied). */
  readonly kind: 'unreachable' | 'readonly' | 'denied' | 'credentials';
  readonly from: number;
  readonly to: number;
}

export type FaultClass =
  | 'errors'
  | 'lost'
  | 'late'
  | 'throttles'
  | 'crashes'
  | 'pauses'
  | 'clocks'
  | 'stale'
  | 'metrics'
  | 'outages'
  | 'denials'
  | 'endpoints'
  | 'foreign'
  | 'pushes';

export type Swarm = Readonly<Record<FaultClass, number>>;

const classes: readonly FaultClass[] = [
  'errors',
  'lost',
  'late',
  'throttles',
  'crashes',
  'pauses',
  'clocks',
  'stale',
  'metrics',
  'outages',
  'denials',
  'endpoints',
  'foreign',
  'pushes',
];

/** Uniform chaos hides what needs long calm: each seed switches whole classes off, and has rates of its own. */
export function drawSwarm(seed: number): Swarm {
  const d = dice(seed, 11);
  const none = d.chance(0.04);
  const rates = classes.map((name): [FaultClass, number] => [
    name,
    none || d.chance(0.7) ? 0 : d.of([0.004, 0.01, 0.03, 0.08]),
  ]);
  return Object.fromEntries(rates) as Swarm;
}

const kindsOf: Partial<Record<FaultClass, readonly FaultKind[]>> = {
  errors: ['error-before'],
  lost: ['lost'],
  late: ['late'],
  throttles: ['throttle'],
  crashes: ['crash-before', 'crash-after', 'crash-late'],
  pauses: ['pause-before', 'pause-after'],
  clocks: ['clock', 'clock-briefly'],
  stale: ['stale'],
};
export const metricFaults: readonly MetricFault[] = [
  'late-metrics',
  'zeros',
  'half',
  'doubled',
  'repeated',
  'nan',
  'no-champion',
  'no-challenger',
  'unreadable',
  'metrics-denied',
];
/** Reads of AWS that may lag behind; the store's never do. */
const lagging: readonly string[] = ['readAlias', 'readStage', 'variables', 'ensureEndpoint'];
/** Where faults hurt most, and calls are rarest. */
const weights: Partial<Record<string, number>> = {
  writeAlias: 8,
  // One in a rollout, or two, and nothing locks them.
  writeStage: 20,
  readAlias: 3,
  readStage: 3,
  'store.acquire': 3,
};
const weightOf = (call: string): number => weights[call] ?? 1;
const severity: Partial<Record<FaultClass, number>> = { crashes: 0.35, clocks: 0.35, pauses: 0.6 };

/** Whether a fault changes anything about this call. @param isLagging whether there is an earlier state to read */
export function isInert(kind: FaultKind, call: string, isLagging: boolean): boolean {
  if (kind === 'stale') return !isLagging;
  if (call === 'sleep') return !/^(crash|pause|clock)/.test(kind);
  return metricFaults.some((name) => name === kind) && call !== 'metrics.read';
}

/** The fault of a process's n-th call; null for most. */
export function drawFault(
  seed: number,
  swarm: Swarm,
  process: { readonly name: string; readonly index: number },
  nth: number,
  call: string,
): Fault | null {
  const roll = draw(seed, 21, process.index, nth) / 2 ** 32;
  let below = 0;
  const key = `${process.name} ${nth}`;
  const isMetric = call === 'metrics.read';
  for (const name of classes) {
    const kinds = name === 'metrics' ? (isMetric ? metricFaults : undefined) : kindsOf[name];
    if (kinds === undefined || swarm[name] === 0) continue;
    if (call === 'sleep' && name !== 'crashes' && name !== 'pauses' && name !== 'clocks') continue;
    if (name === 'stale' && !lagging.includes(call)) continue;
    below += swarm[name] * weightOf(call) * (severity[name] ?? 1) * (isMetric && name === 'metrics' ? 3 : 1);
    if (roll >= below) continue;
    const d = dice(seed, 22, process.index, nth);
    const kind = d.of(kinds);
    return { key, kind, ms: msOf(kind, d.unit()) };
  }
  return null;
}

function msOf(kind: FaultKind, unit: number): number {
  switch (kind) {
    case 'late':
    case 'crash-late':
      return 500 + Math.floor(unit ** 2 * 90_000);
    case 'pause-before':
    case 'pause-after':
      return 500 + Math.floor(unit * 120_000);
    case 'clock':
      return Math.floor((unit - 0.5) * 240_000);
    case 'clock-briefly':
      return Math.floor((unit - 0.5) * 7_200_000);
    default:
      return 0;
  }
}

/** For how long a clock is wrong that is set right again, ms. */
export const wrongForMs = (ms: number): number => 1_000 + (Math.abs(ms) % 9_000);

/** Times in which the store, or one permission, is gone. */
export function drawWindows(seed: number, swarm: Swarm, horizonMs: number): readonly Window[] {
  const d = dice(seed, 31);
  // Dice of its own, so that the windows stay where they were.
  const kinds = dice(seed, 32);
  const windows: Window[] = [];
  const add = (call: string, kind: Window['kind']): void => {
    const from = d.between(0, horizonMs);
    const to = from + d.between(2_000, 90_000);
    windows.push({ key: `window ${windows.length}`, call, kind, from, to });
  };
  if (swarm.outages > 0)
    for (let left = d.between(1, 3); left > 0; left--)
      add('store', kinds.chance(0.5) ? 'readonly' : 'unreachable');
  if (swarm.denials > 0) {
    for (let left = d.between(1, 2); left > 0; left--)
      add(d.of(['writeAlias', 'readAlias', 'publish', 'ensureEndpoint', 'metrics.read']), 'denied');
    if (d.chance(0.2)) add('aws', 'credentials');
  }
  return windows;
}
