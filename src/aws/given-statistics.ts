import type { MetricStat } from '@aws-sdk/client-cloudwatch';
import { PlatformError } from '../ports/platform.ts';
import type { ReadMetrics } from './gathered-reads.ts';
import { type MetricRequest, type Points, StatisticMissing } from './metric-data.ts';

/** null: AWS does not give this statistic. */
export type Given = readonly (Points | null)[];

/** Reads what AWS gives, and leaves out single statistics that it refuses, but for those that must be there. */
export type ReadGiven = (
  request: MetricRequest,
  isEssential: (stat: MetricStat) => boolean,
) => Promise<Given>;

/** More tries would keep a look waiting. */
const mostTries = 4;

/**
 * A statistic that AWS refuses costs that statistic, not the reading. A refusal of the whole call is remembered for the
 * life of the process, that of a single result is not.
 * @throws PlatformError where an essential statistic is refused, or all are
 */
export function givenStatistics(ask: ReadMetrics): ReadGiven {
  const refused = new Set<string>();

  return async (request, isEssential) => {
    const missing = new Set<string>();
    const isLeftOut = (stat: MetricStat): boolean => refused.has(keyOf(stat)) || missing.has(keyOf(stat));
    for (let tries = 1; ; tries++) {
      const stats = request.stats.filter((stat) => isEssential(stat) || !isLeftOut(stat));
      try {
        const points = await ask({ ...request, stats });
        const found = new Map(stats.map((stat, index) => [stat, points[index]]));
        return request.stats.map((stat) => found.get(stat) ?? null);
      } catch (error) {
        const named = namedBy(error, stats);
        const optional = stats.filter((stat) => !isEssential(stat));
        if (tries >= mostTries || optional.length === 0 || named === null) throw error;
        // AWS's words are withheld where they may hold values: then trimmed counts are left out first, and all else next.
        const drop = named.stats.filter((stat) => !isEssential(stat));
        if (drop.length === 0 && named.stats.length > 0) throw error;
        const trimmed = optional.filter(({ Stat = '' }) => Stat.startsWith('TC('));
        const others = trimmed.length > 0 ? trimmed : optional;
        for (const stat of drop.length > 0 ? drop : others)
          (named.isLasting ? refused : missing).add(keyOf(stat));
      }
    }
  };
}

/** null: the failure says nothing about single statistics. */
function namedBy(
  error: unknown,
  stats: readonly MetricStat[],
): { readonly stats: readonly MetricStat[]; readonly isLasting: boolean } | null {
  if (error instanceof StatisticMissing)
    return { stats: stats.filter((stat) => keyOf(stat) === keyOf(error.stat)), isLasting: false };
  if (!(error instanceof PlatformError) || error.failure.kind !== 'refused') return null;
  const { message } = error;
  return { stats: stats.filter(({ Stat = '' }) => message.includes(` ${Stat} `)), isLasting: true };
}

const keyOf = ({ Metric, Stat }: MetricStat): string =>
  `${Metric?.Namespace ?? ''} ${Metric?.MetricName ?? ''} ${Stat ?? ''}`;

/** AWS's documents have both: Invocation4XXErrors, Invocations4XXErrors. */
const otherSpelling = (name: string): string | null => {
  const [, plural, rest] = /^Invocation(s?)([45]XXErrors)$/.exec(name) ?? [];
  return rest === undefined ? null : `Invocation${plural === '' ? 's' : ''}${rest}`;
};

/** Words for people: which statistics are not there. */
export function missingText(stats: readonly MetricStat[], given: Given): string | null {
  const isGiven = (name: string | null): boolean =>
    stats.some(({ Metric }, index) => Metric?.MetricName === name && given[index] !== null);
  const names = new Set(
    stats.flatMap(({ Metric, Stat }, index) => {
      const name = Metric?.MetricName ?? '';
      // Of two spellings one is enough.
      return given[index] === null && !isGiven(otherSpelling(name)) ? [`${name} ${Stat}`] : [];
    }),
  );
  if (names.size === 0) return null;
  const [first = ''] = names;
  const others = names.size > 1 ? ` and ${names.size - 1} more` : '';
  return `CloudWatch does not give ${first}${others}: what depends on it is not judged`;
}
