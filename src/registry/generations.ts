import { armOf, armTag } from '../domain/arm.ts';
import { isRetired, type VersionRecord } from '../domain/registry.ts';
import type { Instant, VersionTag } from '../domain/units.ts';
import { knownGood, standingOf } from './known-good.ts';

/** The generations of a version that are registered, the newest first. */
export const generationsOf = (
  records: readonly VersionRecord[],
  version: VersionTag,
): readonly VersionRecord[] =>
  records
    .filter((record) => armOf(record.version).version === version)
    .sort((a, b) => armOf(b.version).generation - armOf(a.version).generation);

/**
 * The next generation of a version, with the same artifact. Before arms had generations, an endpoint alone could be of a
 * later one: no name is used twice.
 * @param of the generations that are registered, at least one
 */
export function nextGeneration(
  of: readonly VersionRecord[],
  { at, by, why }: { readonly at: Instant; readonly by: string; readonly why: string },
): VersionRecord {
  const [newest] = of;
  if (newest === undefined) throw new Error('a version without a record has no next generation');
  const used = of.map(({ version, endpoint }) =>
    Math.max(armOf(version).generation, endpoint?.generation ?? 1),
  );
  const { version } = armOf(newest.version);
  return {
    version: armTag({ version, generation: Math.max(...used) + 1 }),
    status: 'candidate',
    artifact: newest.artifact,
    metrics: newest.metrics,
    registeredAt: at,
    registeredBy: by,
    statusAt: at,
    statusReason: why,
  };
}

/**
 * The generation of a version to which a rollback goes: of those known good the one that served last, else the one that
 * served last as far as is known, or that users were taken away from last. One that was retired comes after all others, for
 * it has to be built anew. Undefined: none ever served everybody.
 */
export function returnable(of: readonly VersionRecord[]): VersionRecord | undefined {
  const others = of
    .flatMap((record) => {
      const standing = standingOf(record);
      if (standing.kind === 'unproven') return [{ record, at: standing.since }];
      return standing.kind === 'fled' ? [{ record, at: standing.left.at }] : [];
    })
    .sort((a, b) => b.at - a.at);
  const all = [...knownGood(of), ...others.map(({ record }) => record)];
  return all.find((record) => !isRetired(record)) ?? all[0];
}

/**
 * The generation that a person means: of `v2.3.0#2` that one, and of `v2.3.0` the one to which a rollback goes. Undefined: it
 * is not registered.
 */
export function generationMeant(
  records: readonly VersionRecord[],
  asked: VersionTag,
): VersionRecord | undefined {
  const { version, generation } = armOf(asked);
  return generation > 1
    ? records.find((record) => record.version === asked)
    : returnable(generationsOf(records, version));
}
