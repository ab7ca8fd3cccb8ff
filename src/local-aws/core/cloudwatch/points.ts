import { pack, unpack } from './packed.ts';
import { emptySamples, type Samples } from './samples.ts';

/** Points of one series: the newest open, all older ones as bytes. Keys are seconds since the epoch. */
export interface Points {
  /** Seconds between keys. */
  readonly step: number;
  readonly open: Map<number, Samples>;
  /** By the first key of the ten that may be in it. */
  readonly packed: Map<number, Uint8Array>;
}

const TOGETHER = 10;

export function createPoints(step: number): Points {
  return { step, open: new Map(), packed: new Map() };
}

/** To be added to. */
export function pointAt(points: Points, key: number): Samples {
  let found = points.open.get(key);
  if (found !== undefined) return found;
  reopen(points, groupOf(points, key));
  found = points.open.get(key);
  if (found === undefined) points.open.set(key, (found = emptySamples()));
  return found;
}

/** Of `[start, end)`, in no order. Not to be changed. */
export function* pointsIn(
  points: Points,
  { start, end }: { readonly start: number; readonly end: number },
  withValues: boolean,
): Generator<[number, Samples]> {
  for (const [key, samples] of points.open) if (key >= start && key < end) yield [key, samples];
  const length = points.step * TOGETHER;
  for (const [from, bytes] of points.packed) {
    if (from + length <= start || from >= end) continue;
    for (const point of unpack(bytes, from, withValues)) if (point[0] >= start && point[0] < end) yield point;
  }
}

/** @param share gives equal bytes that are there already, for one value is often recorded under several dimensions */
export function packBefore(points: Points, before: number, share: (bytes: Uint8Array) => Uint8Array): void {
  const groups = new Map<number, [number, Samples][]>();
  for (const point of points.open) {
    const from = groupOf(points, point[0]);
    if (from + points.step * TOGETHER > before) continue;
    const group = groups.get(from);
    if (group === undefined) groups.set(from, [point]);
    else group.push(point);
  }
  for (const [from, group] of groups) {
    for (const [key] of group) points.open.delete(key);
    group.sort(([a], [b]) => a - b);
    points.packed.set(from, share(pack(group, from)));
  }
}

/** Takes away, and gives, all points of groups that ended before. */
export function takeBefore(points: Points, before: number): [number, Samples][] {
  const taken: [number, Samples][] = [];
  for (const from of points.packed.keys()) {
    if (from + points.step * TOGETHER <= before) taken.push(...take(points, from));
  }
  for (const point of points.open) {
    if (point[0] + points.step > before) continue;
    points.open.delete(point[0]);
    taken.push(point);
  }
  return taken;
}

const groupOf = ({ step }: Points, key: number): number => key - (key % (step * TOGETHER));

/** Something late goes into points that were packed. */
function reopen(points: Points, from: number): void {
  for (const [key, samples] of take(points, from)) points.open.set(key, samples);
}

function take(points: Points, from: number): readonly [number, Samples][] {
  const bytes = points.packed.get(from);
  if (bytes === undefined) return [];
  points.packed.delete(from);
  return [...unpack(bytes, from, true)];
}
