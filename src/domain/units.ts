declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Milliseconds since the epoch, from a Clock. */
export type Instant = Brand<number, 'Instant'>;
/** A share of traffic, 0 to 100, at most two decimals. */
export type Percent = Brand<number, 'Percent'>;
/** `r-` and lower-case letters and digits, unique in an environment. */
export type RolloutId = Brand<string, 'RolloutId'>;
/**
 * A model version's tag just as the user wrote it, `v2.3.0`: the raw text is the identity. A later generation of its serving
 * settings is `v2.3.0#2` (domain/arm.ts).
 */
export type VersionTag = Brand<string, 'VersionTag'>;

export const instant = (ms: number): Instant => ms as Instant;
export const later = (at: Instant, ms: number): Instant => (at + ms) as Instant;

/** The program's door: a bad value here is a bug. People's input goes through `parsePercent`. */
export function percent(value: number): Percent {
  if (!(value >= 0 && value <= 100)) throw new RangeError(`percent ${value} is not between 0 and 100`);
  return value as Percent;
}

export const rolloutId = (text: string): RolloutId => text as RolloutId;
export const versionTag = (text: string): VersionTag => text as VersionTag;

/** For the end of a `switch` over a union. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
