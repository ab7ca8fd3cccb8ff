import { z } from 'zod';
import type { Account } from '../account.ts';
import { parseInput } from '../input.ts';
import { answer, page, type Operation } from '../operation.ts';
import { dimensionList } from './input-shapes.ts';
import type { Metric, MetricStore } from './metric-store.ts';

/** ListMetrics, with filters by namespace, name, dimensions and recent activity. */
export function listMetrics(account: Account, store: MetricStore): Operation {
  return (call) => {
    const filter = parseInput(input, call.input, 'InvalidParameterValue');
    store.reveal(account.clock.now());
    const activeAfter = filter.RecentlyActive === 'PT3H' ? account.clock.now() - 3 * 3600 * 1000 : -Infinity;
    // A metric none of whose samples is visible yet is not listed either.
    const found = [...store.all()].filter(
      (metric) => metric.lastAt() > 0 && fits(metric, filter) && metric.lastAt() >= activeAfter,
    );
    const { items, next } = page(found, filter.NextToken, 500);
    return answer({
      Metrics: items.map(({ namespace, metricName, dimensions }) => ({
        Namespace: namespace,
        MetricName: metricName,
        Dimensions: dimensionList(dimensions),
      })),
      ...(next === undefined ? {} : { NextToken: next }),
    });
  };
}

const input = z.object({
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.string().optional() })).default([]),
  NextToken: z.string().optional(),
  RecentlyActive: z.literal('PT3H').optional(),
});

function fits(metric: Metric, filter: z.output<typeof input>): boolean {
  return (
    (filter.Namespace === undefined || metric.namespace === filter.Namespace) &&
    (filter.MetricName === undefined || metric.metricName === filter.MetricName) &&
    filter.Dimensions.every(({ Name, Value }) => {
      const has = metric.dimensions[Name];
      return has !== undefined && (Value === undefined || has === Value);
    })
  );
}
