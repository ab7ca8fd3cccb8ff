import type { CopiesTick, Observation } from '../domain/observation.ts';
import type { Plan } from '../domain/plan.ts';
import type { DisagreementReport, Difference, Direction } from '../domain/shadow.ts';

const mostRows = 20;
const mostExamples = 10;
/** So that the most frequent kind doesn't take all examples. */
const examplesEach = 3;

/** Differences by direction and class, the most frequent first, with some of each as examples. */
export function reportOf({
  found,
  complete,
}: {
  readonly found: readonly Difference[];
  readonly complete: boolean;
}): DisagreementReport {
  const kinds = new Map<string, Difference[]>();
  for (const difference of found) {
    const { direction, champion, challenger } = difference;
    const key = JSON.stringify([direction, champion, challenger]);
    const kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, [difference]);
    else kind.push(difference);
  }
  const inDirection = (direction: Direction): number =>
    found.filter((difference) => difference.direction === direction).length;
  const sorted = [...kinds.values()].sort((a, b) => b.length - a.length);
  const rows = sorted.slice(0, mostRows).flatMap((kind) => {
    const [first] = kind;
    if (first === undefined) return [];
    const { direction, champion, challenger } = first;
    return [{ direction, champion, challenger, count: kind.length }];
  });
  return {
    byDirection: { up: inDirection('up'), down: inDirection('down'), other: inDirection('other') },
    rows,
    others: sorted.slice(mostRows).reduce((sum, kind) => sum + kind.length, 0),
    examples: sorted.flatMap((kind) => kind.slice(0, examplesEach)).slice(0, mostExamples),
    read: found.length,
    complete,
  };
}

/** All ticks together; null where none was in shadow. */
export function copiesOf(observations: readonly Observation[]): CopiesTick | null {
  const ticks = observations.flatMap(({ copies }) => copies ?? []);
  if (ticks.length === 0) return null;
  const sum = (name: keyof CopiesTick): number => ticks.reduce((total, tick) => total + tick[name], 0);
  return {
    sent: sum('sent'),
    dropped: sum('dropped'),
    compared: sum('compared'),
    disagreed: sum('disagreed'),
    distance: sum('distance'),
    duplicates: sum('duplicates'),
  };
}

/** `27 % of 1200 answers differ`. */
export function comparedText(copies: CopiesTick | null): string {
  if (copies === null || copies.compared === 0) return 'no answers were compared';
  const share = (100 * copies.disagreed) / copies.compared;
  const percent = share >= 10 ? Math.round(share) : Number(share.toPrecision(2));
  return `${percent} % of ${copies.compared} answers differ`;
}

/** How a shadow ended that did not fail. Only what was compared against a limit can pass. */
export function shadowedText({
  plan,
  observations,
}: {
  readonly plan: Pick<Plan, 'policy'>;
  readonly observations: readonly Observation[];
}): string {
  const compared = comparedText(copiesOf(observations));
  return plan.policy.disagreement === undefined
    ? `ran in shadow to the end, and no limit was set on how many answers may differ: ${compared}`
    : `passed in shadow: ${compared}`;
}
