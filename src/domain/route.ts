import type { Percent, VersionTag } from './units.ts';

/** Who gets which share. Always the state that is wanted, never a change. */
export type Route =
  | { readonly kind: 'single'; readonly version: VersionTag }
  | {
      readonly kind: 'split';
      readonly champion: VersionTag;
      readonly challenger: VersionTag;
      /** The challenger's share. */
      readonly percent: Percent;
    }
  | {
      readonly kind: 'shadow';
      readonly champion: VersionTag;
      readonly challenger: VersionTag;
      /** Share of requests of which the challenger gets a copy. */
      readonly sample: Percent;
    };

/** Equal routes have equal keys. */
export function routeKey(route: Route): string {
  switch (route.kind) {
    case 'single':
      return `single ${route.version}`;
    case 'split':
      return `split ${route.champion} ${route.challenger} ${route.percent}`;
    case 'shadow':
      return `shadow ${route.champion} ${route.challenger} ${route.sample}`;
  }
}

export type Routing = 'sticky' | 'weighted';

/** What a Lambda alias serves: a version, and at most one other with its weight. */
export interface AliasTarget {
  readonly functionVersion: string;
  /** 0 to 1 by Lambda version; empty or one entry. */
  readonly weights: Readonly<Record<string, number>>;
}

/** `Lambda version 7 + 10 % to 8`. */
export function targetText({ functionVersion, weights }: AliasTarget): string {
  const others = Object.entries(weights).map(
    ([version, weight]) => ` + ${Math.round(weight * 10_000) / 100} % to ${version}`,
  );
  return `Lambda version ${functionVersion}${others.join('')}`;
}

export function sameTarget(a: AliasTarget, b: AliasTarget): boolean {
  const weights = (target: AliasTarget): string =>
    JSON.stringify(Object.entries(target.weights).filter(([, weight]) => weight > 0));
  return a.functionVersion === b.functionVersion && weights(a) === weights(b);
}
