/** A time series of one arm, by the minute. */
export interface Series {
  readonly name: string | null;
  readonly tags?: Readonly<Record<string, string>>;
  readonly values?: readonly number[];
  readonly startMs?: number;
  readonly endMs?: number;
  readonly stepMs?: number;
}

export interface Pair {
  readonly tags: Readonly<Record<string, string>>;
  readonly control: readonly number[];
  readonly experiment: readonly number[];
}

/** Two series of one metric and the same tags; throws where they are none. `MetricSetMixerService.mixOne`. */
export function pairOne(control: Series, experiment: Series): Pair {
  if (!control.name) throw new Error('control name not set');
  if (!experiment.name) throw new Error('experiment name not set');
  if (control.name !== experiment.name) throw new Error('names differ');
  if (keyOf(control) !== keyOf(experiment)) throw new Error('tags differ');
  const nothing = valuesOf(control).length === 0 && valuesOf(experiment).length === 0;
  const read = nothing ? missing : valuesOf;
  return { tags: control.tags ?? {}, control: read(control), experiment: read(experiment) };
}

/** All series of some metrics, by their tags; one without tags is a placeholder, whose values don't count. `mixAll`. */
export function pairMany(
  names: readonly string[],
  control: readonly Series[],
  experiment: readonly Series[],
): readonly Pair[] {
  return names.flatMap((name) => {
    const [left, right] = [control, experiment].map((arm) => arm.filter((one) => one.name === name));
    if (left!.length === 0) throw new Error('no control metrics found');
    if (right!.length === 0) throw new Error('no experiment metrics found');
    const tagged = [left!, right!].map((arm) => arm.filter(({ tags = {} }) => Object.keys(tags).length > 0));
    const keys = tagged.map((arm) => new Set(arm.flatMap(({ tags = {} }) => Object.keys(tags))));
    const bothTagged = keys.every((names) => names.size > 0);
    if (bothTagged && [...keys[0]!].sort().join() !== [...keys[1]!].sort().join()) {
      throw new Error('different tag keys');
    }
    const kinds = new Map(tagged.flat().map((one) => [keyOf(one), one.tags ?? {}]));
    return [...kinds].map(([key, tags]) => {
      const of = (arm: readonly Series[]) => arm.find((one) => keyOf(one) === key);
      const [c, e] = tagged.map(of);
      return { tags, control: c ? valuesOf(c) : [], experiment: e ? valuesOf(e) : [] };
    });
  });
}

const valuesOf = ({ values = [] }: Series): readonly number[] => values;

/** As many gaps as there would have been values. */
function missing({ startMs, endMs, stepMs }: Series): readonly number[] {
  if (startMs === undefined || endMs === undefined || stepMs === undefined) return [];
  return new Array<number>((endMs - startMs) / stepMs).fill(Number.NaN);
}

const keyOf = ({ tags = {} }: Series): string =>
  JSON.stringify(Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)));
