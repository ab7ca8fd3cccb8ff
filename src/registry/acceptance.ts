export interface Criterion {
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
export function unmet(criteria: Readonly<Record<string, Criterion | null>>, metrics: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(criteria).flatMap(([name, criterion]) => {
    if (criterion === null) return [];
    const { comparison, limit } = criterion;
    const measured = metrics[name];
    if (measured === undefined) return [`${name} was not registered, wanted ${comparison} ${limit}`];
    return holds[comparison](measured, limit) ? [] : [`${name} is ${measured}, wanted ${comparison} ${limit}`];
  });
}
