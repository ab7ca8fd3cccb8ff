/**
 * What to type where a store is lost, damaged, or older than what serves: a backup knows more than AWS does, so it is named
 * beside the command that needs none.
 * @param environment none where the reader stands in it
 */
export function rebuildCommand(
  environment?: string,
  does = 'shows what is found, asks, and rebuilds the registry from it',
): string {
  const at = environment === undefined ? '' : ` --environment ${environment}`;
  return `mlreg recover${at}  # ${does}; with a backup: mlreg restore --from BACKUP${at}`;
}

/** Of a store of which a part can be believed. */
export const keepsWhatIsSound =
  'keeps what is sound, shows what serves, asks, and rebuilds the registry from it';
