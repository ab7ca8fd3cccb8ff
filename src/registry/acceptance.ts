export interface Criterion {
  readonly metric: string;
  readonly comparison: '>=' | '<=' | '>' | '<';
  readonly limit: number;
}

const holds = {
  '>=': (a: number, b: number) => a >= b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '<': (a: number, b: number) => a < b,
} as const;

/** One sentence for each criterion that isn't met. A metric that was never registered is not met. */
export function unmet(
  criteria: readonly Criterion[],
  metrics: Readonly<Record<string, number>>,
): readonly string[] {
  return criteria.flatMap(({ metric, comparison, limit }) => {
    const measured = Object.hasOwn(metrics, metric) ? metrics[metric] : undefined;
    if (measured === undefined) return [`${metric} was not registered, wanted ${comparison} ${limit}`];
    // Read from a registry of before: an infinite value would meet any lower limit.
    return Number.isFinite(measured) && holds[comparison](measured, limit)
      ? []
      : [`${metric} is ${measured}, wanted ${comparison} ${limit}`];
  });
}
