import { parseVersion } from './parse.ts';
import { type VersionTag, versionTag } from './units.ts';

/**
 * What serves, by content: a model version with one set of serving settings. Changed settings are a new generation of the
 * version, with an endpoint of its own. The registry, routes, journals and metrics name it by its tag.
 */
export interface Arm {
  readonly version: VersionTag;
  /** From 1. */
  readonly generation: number;
}

/** `v2.3.0`, or `v2.3.0#2`: the first generation is named as the version itself, as it was before there were others. */
export const armTag = ({ version, generation }: Arm): VersionTag =>
  generation === 1 ? version : versionTag(`${version}#${generation}`);

export function armOf(tag: VersionTag): Arm {
  const [, version, generation] = generations.exec(tag) ?? [];
  return version === undefined
    ? { version: tag, generation: 1 }
    : { version: versionTag(version), generation: Number(generation) };
}

/** People's and AWS's door for the tag of an arm. @throws UserError */
export function parseArmTag(text: string, what: string): VersionTag {
  const [, version = text, generation = '1'] = generations.exec(text) ?? [];
  return armTag({ version: parseVersion(version, what), generation: Number(generation) });
}

/** `#1` is the version itself, and so is never written. Lambda and CloudWatch take the sign as it is. */
const generations = /^([^#]+)#([1-9]\d{0,5})$/;
