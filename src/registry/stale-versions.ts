/**
 * Published Lambda versions that may be deleted: a rollout of mlreg's published them, nothing refers to them, and they are
 * not among the newest. Oldest first.
 * @param published oldest first
 * @param referenced whatever an alias, an ownership marker, the registry or a journal names
 * @param keep so many of mlreg's newest stay, referenced or not; at least 1
 */
export function staleVersions(
  published: readonly { readonly functionVersion: string; readonly isOurs: boolean }[],
  referenced: ReadonlySet<string>,
  keep: number,
): readonly string[] {
  const ours = published.flatMap(({ functionVersion, isOurs }) => (isOurs ? [functionVersion] : []));
  return ours
    .slice(0, Math.max(0, ours.length - Math.max(1, keep)))
    .filter((functionVersion) => !referenced.has(functionVersion));
}
