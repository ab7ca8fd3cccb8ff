import type { Plan } from './plan.ts';

/** Who serves users once a rollout was rolled back: nobody that is registered, where it was the first. */
export function servesAfter(
  { champion, strategy }: Pick<Plan, 'champion' | 'strategy'>,
  as: 'part' | 'sentence' = 'part',
): string {
  const [what, no] = as === 'part' ? ['what', 'no'] : ['What', 'No'];
  if (champion !== null) return `${champion} serves 100 %`;
  // A rollback to the champion itself, and a watch with no earlier version, have none beside it.
  return strategy === 'rollback' || strategy === 'watch'
    ? `${what} served before serves 100 %`
    : `${no} registered version serves, as before`;
}
