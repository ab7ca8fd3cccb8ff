import { UserError } from './user-error.ts';

/**
 * A version's offline metrics as every store keeps them: finite numbers. Zero has no sign, for JSON does not keep it.
 * @throws UserError usage, which names the metric
 */
export function metricValues(metrics: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => {
      if (Number.isFinite(value)) return [name, value === 0 ? 0 : value];
      throw new UserError('usage', `metric ${name} is ${value}, which is no finite number`, {
        why: 'no store can keep it, and it would meet or fail every criterion',
        mend: `give ${name} a value between -1.7e308 and 1.7e308, or leave it out`,
      });
    }),
  );
}
