import type { EnvironmentConfig } from '../config/index.ts';
import { targetText } from '../domain/route.ts';
import type { VersionTag } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { championsBy, type RebuildInput } from '../registry/rebuild.ts';

/**
 * A person's word is for what AWS can't tell.
 * @throws UserError usage, where the Lambda version that serves names other versions than this one
 */
export function refuseContradicted(
  { name, lambda: { alias } }: EnvironmentConfig,
  { champion, command }: { readonly champion: VersionTag | undefined; readonly command: string },
  found: Pick<RebuildInput, 'target' | 'reached' | 'back' | 'served'>,
): void {
  const candidates = championsBy(found);
  if (champion === undefined || candidates.length === 0 || candidates.includes(champion)) return;
  const what = `${champion} can't be the champion: alias ${alias} does not serve it alone or as the base of a split`;
  throw new UserError('usage', what, {
    why: `${targetText(found.target)} says which version it serves; the champion is ${candidates.join(' or ')}`,
    mend: candidates.map((one) => `${command} --champion ${one} --environment ${name}`),
  });
}
