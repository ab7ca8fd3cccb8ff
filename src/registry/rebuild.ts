import type { Departure, Service, VersionChange, VersionRecord } from '../domain/registry.ts';
import type { AliasTarget } from '../domain/route.ts';
import { type Instant, instant, type RolloutId, type VersionTag } from '../domain/units.ts';
import { began, ended, foundByRecovery, type foundByRestore, servicesOf, standingOf } from './known-good.ts';
import type { Served } from './served.ts';

export interface RebuildInput {
  /** What the alias serves. */
  readonly target: AliasTarget;
  /** What the alias serves that the stage names, where that is another one. */
  readonly reached?: AliasTarget;
  /** Where its marker leads back to. */
  readonly back: string | undefined;
  /** Oldest first. */
  readonly served: readonly Served[];
  /** Which endpoints are there. */
  readonly endpoints: ReadonlyMap<string, boolean>;
  /** The artifact of each endpoint's model. */
  readonly artifacts: ReadonlyMap<string, { readonly uri: string; readonly digest: string }>;
  /** What the store still says. */
  readonly known: readonly VersionRecord[];
  /** A person's word for what serves, where no Lambda version says it. */
  readonly champion?: VersionTag | undefined;
  readonly by: string;
  readonly at: Instant;
  readonly rollout: RolloutId;
  /** Why, for the registry. */
  readonly reason?: typeof foundByRecovery | typeof foundByRestore;
  /** The store knows all that happened to the alias: how users left a version, it says itself. */
  readonly isComplete?: boolean;
}

export interface Rebuilt {
  readonly champion: { readonly version: VersionTag; readonly functionVersion: string };
  /** What served before it; null where nothing says. */
  readonly previous: { readonly version: VersionTag; readonly functionVersion: string } | null;
  /** Others than the champion that the alias gives a share of users. */
  readonly onTrial: readonly VersionTag[];
  readonly register: readonly VersionRecord[];
  readonly changes: readonly VersionChange[];
  /** Versions that can't be rebuilt, because their artifact is not known any more. */
  readonly lost: readonly VersionTag[];
}

/**
 * Which versions may be the champion by what the Lambda version that serves says: the one that it serves, or the base of its
 * split; of a split also what the marker leads back to. Empty: it names none, so a person's word is needed.
 */
export function championsBy({
  target,
  reached = target,
  back,
  served,
}: Pick<RebuildInput, 'target' | 'reached' | 'back' | 'served'>): readonly VersionTag[] {
  const of = (functionVersion: string | undefined) =>
    served.find((one) => one.functionVersion === functionVersion);
  const serving = of(target.functionVersion);
  if (serving === undefined) return [];
  const base = serving.champion.version;
  const before = of(back);
  const elsewhere = of(reached.functionVersion)?.champion.version ?? base;
  const isSplit =
    serving.challenger !== undefined || Object.values(target.weights).some((share) => share > 0);
  if (!isSplit || before === undefined || before.challenger !== undefined)
    return [...new Set([base, elsewhere])];
  return [...new Set([base, elsewhere, before.champion.version])];
}

/**
 * The registry as what AWS serves bears it out, and pure. What served everybody is taken from the alias and from the way back
 * that its marker names; every other version that was ever published is a candidate, for a published Lambda version need
 * not have served anybody. What the store still says stays, but for the champion and for what was on trial.
 * @returns null where nothing says which version serves
 */
export function rebuild(input: RebuildInput): Rebuilt | null {
  const { target, reached = target, back, served, known, at, by, rollout } = input;
  const { reason = foundByRecovery, isComplete = false } = input;
  const of = (functionVersion: string | undefined) =>
    served.find((one) => one.functionVersion === functionVersion);
  const serving = of(target.functionVersion);
  const champion = input.champion ?? serving?.champion.version;
  if (champion === undefined) return null;
  const before = of(back);
  /** A split is no way to serve one version: its champion was served alone by what the marker leads back to. */
  const alone =
    serving === undefined || aloneBy(serving, champion) !== undefined
      ? target.functionVersion
      : (aloneBy(of(reached.functionVersion), champion) ??
        aloneBy(before, champion) ??
        served.findLast((one) => aloneBy(one, champion) !== undefined)?.functionVersion);
  const functionVersion = alone ?? target.functionVersion;
  const previous = previousOf(input, champion);
  const others = [
    ...Object.keys(target.weights),
    reached.functionVersion,
    ...Object.keys(reached.weights),
  ].flatMap((lambda) => versionsOf(of(lambda)));
  const shares = [serving?.champion.version ?? [], serving?.challenger?.version ?? [], ...others].flat();
  const onTrial = [...new Set(shares)].filter((one) => one !== champion);

  const arms = served.flatMap((one) =>
    one.challenger === undefined ? [one.champion] : [one.champion, one.challenger],
  );
  const endpointBy = new Map(arms.map(({ version, endpoint }) => [version, endpoint]));
  const versions = [...new Set([champion, ...endpointBy.keys(), ...known.map(({ version }) => version)])];
  const register: VersionRecord[] = [];
  const changes: VersionChange[] = [];
  const lost: VersionTag[] = [];
  for (const version of versions) {
    const record = known.find((one) => one.version === version);
    const name = endpointBy.get(version);
    const artifact = name === undefined ? undefined : input.artifacts.get(name);
    const role = version === champion ? 'champion' : version === previous?.version ? 'previous' : 'other';
    if (record === undefined && artifact === undefined && role === 'other') {
      lost.push(version);
      continue;
    }
    const fresh: VersionRecord = record ?? {
      version,
      status: 'candidate',
      artifact: artifact ?? { uri: 'unknown', digest: '' },
      metrics: {},
      registeredAt: at,
      registeredBy: by,
      statusAt: at,
      statusReason: reason,
    };
    if (record === undefined) register.push(fresh);
    const set = {
      ...(name === undefined ? {} : endpointOf(fresh, name, input)),
      ...statusOf(fresh, role, {
        service: serviceOf(role === 'champion' ? functionVersion : (previous?.functionVersion ?? ''), name),
      }),
      ...(role === 'other' && !isComplete && servicesOf(fresh).length === 0 ? assumedOf(version, name) : {}),
    };
    if (Object.keys(set).length > 0) changes.push({ version, set });
  }
  return { champion: { version: champion, functionVersion }, previous, onTrial, register, changes, lost };

  function serviceOf(lambda: string, endpoint = ''): Service {
    const { routing, codeSha256 } = of(lambda) ?? {};
    return {
      functionVersion: lambda,
      endpoint,
      ...(routing === undefined ? {} : { routing }),
      ...(codeSha256 === undefined || codeSha256 === '' ? {} : { codeSha256 }),
      since: at,
      rollout,
    };
  }

  /** Nothing says that it served everybody, and nothing that it did not: a person may know. */
  function assumedOf(version: VersionTag, name: string | undefined): VersionChange['set'] {
    const found = served.findLast((one) => aloneBy(one, version) !== undefined);
    const wasBase = served.some((one) => one.champion.version === version);
    if (found === undefined && !wasBase) return {};
    const left: Departure = { at: instant(at - 2), why: 'replaced', reason, rollout };
    const service = serviceOf(found?.functionVersion ?? '', found?.champion.endpoint ?? name);
    return { services: [{ ...service, left, assumed: true }] };
  }

  function statusOf(
    record: VersionRecord,
    role: 'champion' | 'previous' | 'other',
    { service }: { readonly service: Service },
  ): VersionChange['set'] {
    const to = (status: VersionRecord['status']): VersionChange['set'] => ({
      status,
      statusAt: at,
      statusReason: reason,
      rollout,
    });
    if (isComplete) {
      if (role !== 'champion') return record.status === 'challenger' ? to('candidate') : {};
      if (record.status === 'champion' && record.functionVersion === service.functionVersion) return {};
    }
    const services = servicesOf(record);
    const left: Departure = { at, why: 'replaced', reason, rollout };
    if (role === 'champion') {
      const { functionVersion: lambda } = service;
      return { ...to('champion'), functionVersion: lambda, services: began(services, service) };
    }
    const { status } = record;
    if (role === 'previous' && services.length === 0)
      return {
        ...to('archived'),
        functionVersion: service.functionVersion,
        services: [{ ...service, left }],
      };
    // What the marker leads back to served after what an older store takes for the champion.
    const before: Departure = role === 'previous' ? left : { ...left, at: instant(at - 1) };
    if (status === 'champion') return { ...to('archived'), services: ended(services, before) };
    // Since this was written users may have been taken away from it, and what said so is lost.
    const wasGood = standingOf(record).kind === 'good';
    const unproven = { services: ended(services, role === 'previous' ? left : leftOf(services, left)) };
    return { ...(status === 'challenger' ? to('candidate') : {}), ...(wasGood ? unproven : {}) };
  }
}

/**
 * What served before the champion, by the way back that the marker names. Where that Lambda version does not say what it serves,
 * because mlreg did not publish it, the newest trial of the champion does: its base was the champion then.
 */
function previousOf({ back, served }: RebuildInput, champion: VersionTag): Rebuilt['previous'] {
  if (back === undefined) return null;
  const before = served.find(({ functionVersion }) => functionVersion === back);
  const trial = served.findLast(({ challenger }) => challenger?.version === champion);
  const base = before === undefined ? trial?.champion : before.champion;
  if (base === undefined || base.version === champion || before?.challenger !== undefined) return null;
  return { version: base.version, functionVersion: back };
}

/** When it was left stays known; for what is not. */
const leftOf = (services: readonly Service[], { at, ...left }: Departure): Departure => ({
  ...left,
  at: services.at(-1)?.left?.at ?? at,
});

const versionsOf = (one: Served | undefined): readonly VersionTag[] =>
  one === undefined
    ? []
    : [one.champion.version, ...(one.challenger === undefined ? [] : [one.challenger.version])];

const aloneBy = (one: Served | undefined, version: VersionTag): string | undefined =>
  one?.champion.version === version && one.challenger === undefined ? one.functionVersion : undefined;

/** A name that is not in use any more is never used again: the next endpoint of the version has a new generation. */
function endpointOf(
  { endpoint, tombstone }: VersionRecord,
  name: string,
  { endpoints, at }: Pick<RebuildInput, 'endpoints' | 'at'>,
): VersionChange['set'] {
  const generation = Number(/-g(\d+)$/.exec(name)?.[1] ?? 1);
  const isGone = endpoints.get(name) === false;
  return {
    ...(endpoint?.name === name ? {} : { endpoint: { name, generation } }),
    ...(isGone && tombstone?.endpoint !== name ? { tombstone: { at, endpoint: name } } : {}),
  };
}
