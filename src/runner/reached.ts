import type { AliasTarget } from '../domain/route.ts';
import type { Platform } from '../ports/platform.ts';
import { mayAsk } from '../registry/retirement.ts';

/**
 * Which of these endpoints an alias of the function may still ask, whoever made that alias, whatever it is for.
 * @returns the first such alias, by endpoint
 */
export async function reachedBy(
  platform: Pick<Platform, 'aliases' | 'variables'>,
  endpoints: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (endpoints.length === 0) return new Map();
  const aliases = await platform.aliases();
  const variables = new Map<string, Readonly<Record<string, string>>>();
  for (const functionVersion of new Set(aliases.flatMap(({ target }) => versionsOf(target))))
    variables.set(functionVersion, await platform.variables(functionVersion));
  return new Map(
    endpoints.flatMap((endpoint) => {
      const found = aliases.find(({ target }) =>
        versionsOf(target).some((version) => mayAsk(variables.get(version) ?? {}, endpoint)),
      );
      return found === undefined ? [] : [[endpoint, found.name] as const];
    }),
  );
}

const versionsOf = ({ functionVersion, weights }: AliasTarget): readonly string[] => [
  functionVersion,
  ...Object.keys(weights),
];
