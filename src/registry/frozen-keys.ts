/** Environment variables of a Lambda version. */
type Variables = Readonly<Record<string, string>>;

/** Where a Lambda version takes its callers' valid API keys from. */
export type KeyPlace =
  | { readonly kind: 'none' }
  /** Outside the version: whoever serves, the list is today's. */
  | { readonly kind: 'parameter'; readonly name: string }
  /** In the version, for as long as it exists. Hex digests, sorted. */
  | { readonly kind: 'frozen'; readonly digests: readonly string[] };

/** By the rules of the router: the parameter wins, whatever else is set. */
export function keyPlace(variables: Variables): KeyPlace {
  const { MLREG_API_KEYS_PARAMETER: name, MLREG_API_KEYS_SHA256: digests } = variables;
  if (name !== undefined) return { kind: 'parameter', name };
  if (digests === undefined) return { kind: 'none' };
  const found = digests.toLowerCase().split(/[\s,]+/);
  return { kind: 'frozen', digests: [...new Set(found.filter((digest) => digest !== ''))].sort() };
}

const keyVariable = /^variable MLREG_API_KEYS_(PARAMETER|SHA256) /;

/** What else than its API keys sets $LATEST apart from a version, by name (Platform.latestDifferences). */
export const otherThanKeys = (differences: readonly string[]): readonly string[] =>
  differences.filter((name) => !keyVariable.test(name));

export type KeysOnReturn =
  /** Callers are let in by the same keys as today. */
  | { readonly kind: 'same' }
  /** `why` completes "Lambda version 7 ...". It holds no key and no digest. */
  | { readonly kind: 'differ'; readonly why: string };

/**
 * The one exception to a rollback that returns to a recorded Lambda version without publishing: where that version would
 * let callers in by other keys than today's, a rollback publishes a new version first, and returns to the recorded one
 * only where that fails. What cannot be read counts as the same, for a read must not stand in a rollback's way.
 * @param recorded the version's variables; undefined where they could not be read
 * @param today those of the version that serves, or of $LATEST; undefined where they could not be read
 */
export function keysOnReturn(recorded: Variables | undefined, today: Variables | undefined): KeysOnReturn {
  if (recorded === undefined || today === undefined) return { kind: 'same' };
  const [then, now] = [keyPlace(recorded), keyPlace(today)];
  if (JSON.stringify(then) === JSON.stringify(now)) return { kind: 'same' };
  return { kind: 'differ', why: `${held(then)}, and today ${taken(now)}${gone(then, now)}` };
}

function held(place: KeyPlace): string {
  switch (place.kind) {
    case 'none':
      return 'asks callers for no API key';
    case 'parameter':
      return `reads its API keys from the parameter ${place.name}`;
    case 'frozen':
      return `holds ${place.digests.length === 1 ? '1 API key' : `${place.digests.length} API keys`} of its own`;
  }
}

function taken(place: KeyPlace): string {
  switch (place.kind) {
    case 'none':
      return 'none is asked for';
    case 'parameter':
      return `they are read from the parameter ${place.name}`;
    case 'frozen':
      return `${place.digests.length === 1 ? '1 key is' : `${place.digests.length} keys are`} valid`;
  }
}

function gone(then: KeyPlace, now: KeyPlace): string {
  if (then.kind !== 'frozen') return '';
  if (now.kind === 'parameter') return ': a key that was revoked since would be valid again';
  if (now.kind === 'none') return '';
  const revoked = then.digests.filter((digest) => !now.digests.includes(digest)).length;
  if (revoked === 0) return '';
  return `: ${revoked === 1 ? '1 key that was revoked since' : `${revoked} keys that were revoked since`} would be valid again`;
}
