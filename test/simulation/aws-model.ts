import type { Stamp } from '../../src/domain/journal.ts';
import type { ArmTick, CopiesTick, Observation } from '../../src/domain/observation.ts';
import { armOf } from '../../src/domain/arm.ts';
import type { AliasTarget } from '../../src/domain/route.ts';
import { instant } from '../../src/domain/units.ts';
import type { MetricsQuery } from '../../src/ports/index.ts';
import {
  type AliasView,
  type AliasWriteOutcome,
  type EndpointState,
  type Platform,
  PlatformError,
  type StageView,
} from '../../src/ports/platform.ts';
import type { Story } from './story.ts';

export type Variables = Readonly<Record<string, string>>;
export interface AliasWrite {
  readonly target: AliasTarget;
  readonly stamp: Stamp;
  readonly revisionId: string;
}
export interface Behaviour {
  readonly errors: number;
  readonly latencyMs: number;
}

/** `green` is the other alias that the stage may name. */
export type AliasName = 'live' | 'green';
export type StageWrite = Parameters<Platform['writeStage']>[0];

/** AWS's rules that a rollout depends on, as state and synchronous effects: who calls when is the scheduler's affair. */
export interface AwsModel {
  alias(name?: AliasName): AliasView;
  /** As it was before the newest write, where that is young. */
  aliasBefore(name?: AliasName): AliasView;
  updateAlias(write: AliasWrite, name?: AliasName): AliasWriteOutcome;
  /** Without a RevisionId AWS asks no questions. */
  overwriteAlias(write: Omit<AliasWrite, 'revisionId'>, name?: AliasName): AliasWriteOutcome;
  stage(): StageView;
  /** As it was before the newest write, where that is young. */
  stageBefore(): StageView;
  /** Without any locking, as AWS has it: the last one wins. */
  writeStage(write: StageWrite): void;
  /** By hand, in the console: Description stays as it is. */
  meddle(target: AliasTarget): void;
  /** By hand: Description is emptied. */
  wipe(): void;
  /** Share in percent by model version that a target gives. */
  shares(target: AliasTarget): Readonly<Record<string, number>>;
  codeSha256(): string;
  /** Somebody deploys other code into $LATEST. */
  pushCode(): void;
  /** Somebody changes the timeout of $LATEST. */
  changeLatest(): void;
  /** In what else than its route a version, or $LATEST, is not what another one is. */
  differences(functionVersion: string | undefined, serving: string): readonly string[];
  publish(wanted: { readonly variables: Variables; readonly codeSha256: string }): {
    readonly functionVersion: string;
  };
  variables(functionVersion: string): Variables;
  /** @throws PlatformError where an alias names it */
  deleteFunctionVersion(functionVersion: string): void;
  ensureEndpoint(name: string, memoryMb: number): EndpointState;
  endpoint(name: string): EndpointState;
  /** Whether it is in service, and was at that time, ms. */
  isInServiceSince(name: string, time: number): boolean;
  /** The memory that an endpoint was made with, MB; undefined where it is not there. */
  memoryOf(name: string): number | undefined;
  deleteEndpoint(name: string): void;
  /** Whether a request that comes now finds an environment started. */
  isWarm(name: string): boolean;
  /** Warming requests: true where they are answered within this time. */
  warmEndpoint(name: string, withinMs: number): boolean;
  /** All that were ever asked for, and are not deleted, but for what a late request made anew. */
  endpointNames(): readonly string[];
  observe(query: MetricsQuery): readonly Observation[];
  readonly functionVersions: ReadonlyMap<string, Variables>;
}

export function createAws(world: {
  readonly now: () => number;
  readonly versions: Readonly<Record<string, Variables>>;
  readonly serves: string;
  readonly endpoints: readonly string[];
  readonly behaviour: Readonly<Record<string, Behaviour>>;
  readonly story: Pick<
    Story,
    'bad' | 'endpointFate' | 'mended' | 'requestsPerTick' | 'withHistograms' | 'cold'
  >;
  readonly onWrite: (
    write: { readonly target: AliasTarget; readonly stamp: Stamp },
    before: AliasView,
    alias: AliasName,
  ) => void;
  readonly onSwap: (write: StageWrite, before: StageView) => void;
  readonly onDelete: (endpoint: string) => void;
  readonly onDeleteVersion: (functionVersion: string) => void;
}): AwsModel {
  const published = new Map<string, Variables>(Object.entries(world.versions));
  const endpoints = new Map<string, number | 'in-service'>(
    world.endpoints.map((name) => [name, 'in-service']),
  );
  /** Until when each endpoint that nobody is routed to stays warm. */
  const warmUntil = new Map<string, number>();
  let revision = 0;
  let newest = 10;
  let timeout = 0;
  /** Of the published versions that have another one than those from before. */
  const timeouts = new Map<string, number>();
  const asMade: AliasView = {
    revisionId: 'rev-0',
    target: { functionVersion: world.serves, weights: {} },
    description: '',
    stamp: undefined,
  };
  const aliases: Record<AliasName, { now: AliasView; before: AliasView; at: number }> = {
    live: { now: asMade, before: asMade, at: 0 },
    green: { now: asMade, before: asMade, at: 0 },
  };
  const atRest: StageView = { alias: 'live', stamp: undefined, deploymentId: 'd-0', autoDeploy: false };
  const stage = { now: atRest, before: atRest, at: 0 };
  /** Of those that were asked for, MB. */
  const memory = new Map<string, number>();
  const deleted = new Set<string>();
  /** Made anew by a request from before its delete. */
  const risen = new Set<string>();
  let code = 'code';
  /** What users got, and since when. */
  const past: { readonly at: number; readonly target: AliasTarget }[] = [{ at: 0, target: asMade.target }];
  let busyUntil = 0;

  const { idleMs, startMs } = world.story.cold ?? { idleMs: 300_000, startMs: 0 };
  const serving = (): AliasName => (stage.now.alias === 'green' ? 'green' : 'live');
  const write = (name: AliasName, target: AliasTarget, stamp: Stamp | undefined): string => {
    revision++;
    const alias = aliases[name];
    // Those who leave an endpoint leave it warm.
    for (const endpoint of endpointsServed()) warmUntil.set(endpoint, world.now() + idleMs);
    alias.before = alias.now;
    alias.now = { revisionId: `rev-${revision}`, target, description: '', stamp };
    alias.at = world.now();
    if (name === serving()) past.push({ at: world.now(), target });
    return alias.now.revisionId;
  };
  const variables = (functionVersion: string): Variables => {
    const found = published.get(functionVersion);
    if (found === undefined)
      throw new PlatformError({ kind: 'missing', message: `no version ${functionVersion}` });
    return found;
  };
  const shares = (target: AliasTarget): Record<string, number> => sharesOf(target, variables);
  const endpointsServed = (): readonly string[] => {
    const { functionVersion, weights } = aliases[serving()].now.target;
    return [functionVersion, ...Object.keys(weights)].flatMap((version) =>
      endpointsOf(published.get(version) ?? {}),
    );
  };
  const isWarm = (name: string): boolean =>
    endpointsServed().includes(name) || (warmUntil.get(name) ?? 0) > world.now();
  const state = (name: string): EndpointState => {
    const since = endpoints.get(name);
    if (since === undefined) return { kind: 'absent' };
    if (since === 'in-service') return { kind: 'in-service' };
    const { kind, afterMs } = world.story.endpointFate;
    if (kind === 'never' || world.now() - since < afterMs) return { kind: 'creating' };
    const fails = kind === 'failed' && !(world.story.mended === true && /-g\d+$/.test(name));
    return fails ? { kind: 'failed', why: 'no capacity' } : { kind: 'in-service' };
  };
  const targetAt = (time: number): AliasTarget => {
    let index = past.length - 1;
    while (index > 0 && (past[index]?.at ?? 0) > time) index--;
    return past[index]?.target ?? asMade.target;
  };
  const shareAt = (time: number, version: string): number => shares(targetAt(time))[version] ?? 0;
  /** Percent of requests of which the challenger got a copy. */
  const sampleAt = (time: number): number => copiesIn(targetAt(time), variables)?.sample ?? 0;

  const overwrite = (wanted: Omit<AliasWrite, 'revisionId'>, name: AliasName = 'live'): AliasWriteOutcome => {
    const found = aliases[name].now;
    const revisionId = write(name, wanted.target, wanted.stamp);
    world.onWrite(wanted, found, name);
    return { kind: 'written', revisionId };
  };
  const isYoung = ({ at }: { readonly at: number }): boolean => world.now() - at < staleMs;

  return {
    functionVersions: published,
    alias: (name = 'live') => aliases[name].now,
    isWarm,
    warmEndpoint(name, withinMs) {
      const found = state(name);
      if (found.kind !== 'in-service')
        throw new PlatformError({ kind: 'missing', message: `endpoint ${name} is ${found.kind}` });
      const isAnswered = isWarm(name) || startMs <= withinMs;
      // It starts all the same, also where nobody waits for it.
      warmUntil.set(name, world.now() + idleMs);
      return isAnswered;
    },
    aliasBefore: (name = 'live') => (isYoung(aliases[name]) ? aliases[name].before : aliases[name].now),
    stage: () => stage.now,
    stageBefore: () => (isYoung(stage) ? stage.before : stage.now),
    writeStage(wanted) {
      const { alias, stamp, deployment } = wanted;
      const ids = { new: `d-${stamp.rollout}`, keep: stage.now.deploymentId };
      const deploymentId = typeof deployment === 'string' ? ids[deployment] : deployment.id;
      stage.before = stage.now;
      stage.now = { ...stage.now, alias, stamp, deploymentId };
      stage.at = world.now();
      past.push({ at: world.now(), target: aliases[serving()].now.target });
      world.onSwap(wanted, stage.before);
    },
    codeSha256: () => code,
    pushCode: () => {
      code += '+';
    },
    changeLatest: () => {
      timeout++;
    },
    differences(functionVersion, serving) {
      const of = (version: string): number => timeouts.get(version) ?? 0;
      const here = functionVersion === undefined ? timeout : of(functionVersion);
      return here === of(serving) ? [] : [`timeout (${here} s instead of ${of(serving)} s)`];
    },
    endpointNames: () => [...endpoints.keys()].filter((name) => !risen.has(name)),
    updateAlias(wanted, name = 'live') {
      if (wanted.revisionId !== aliases[name].now.revisionId) return { kind: 'precondition' };
      return overwrite(wanted, name);
    },
    overwriteAlias: overwrite,
    meddle: (target) => void write('live', target, aliases.live.now.stamp),
    wipe: () => void write('live', aliases.live.now.target, undefined),
    shares,
    publish({ variables: wanted, codeSha256 }) {
      if (codeSha256 !== code)
        throw new PlatformError({ kind: 'refused', message: 'the code was changed while a rollout ran' });
      if (world.now() < busyUntil)
        throw new PlatformError({ kind: 'throttled', message: 'an update is in progress' });
      const key = JSON.stringify(wanted);
      for (const [functionVersion, present] of published)
        if (JSON.stringify(present) === key && (timeouts.get(functionVersion) ?? 0) === timeout)
          return { functionVersion };
      busyUntil = world.now() + 150;
      // A number is never given twice.
      newest = Math.max(newest + 1, 10 + published.size);
      const functionVersion = String(newest);
      published.set(functionVersion, wanted);
      timeouts.set(functionVersion, timeout);
      return { functionVersion };
    },
    variables,
    deleteFunctionVersion(functionVersion) {
      const isNamed = Object.values(aliases).some(
        ({ now: { target } }) =>
          target.functionVersion === functionVersion || functionVersion in target.weights,
      );
      if (isNamed) throw new PlatformError({ kind: 'refused', message: 'an alias references it' });
      if (published.delete(functionVersion)) world.onDeleteVersion(functionVersion);
    },
    ensureEndpoint(name, memoryMb) {
      // A request of the dead that comes after the delete can't be fenced.
      if (!endpoints.has(name) && deleted.has(name)) risen.add(name);
      if (!endpoints.has(name)) {
        endpoints.set(name, world.now());
        memory.set(name, memoryMb);
      } else if ((memory.get(name) ?? 2048) !== memoryMb)
        throw new PlatformError({ kind: 'refused', message: `${name} has another memory` });
      return state(name);
    },
    endpoint: state,
    isInServiceSince: (name, time) => {
      const since = endpoints.get(name);
      const isLongSo = typeof since !== 'number' || since + world.story.endpointFate.afterMs <= time;
      return isLongSo && state(name).kind === 'in-service';
    },
    memoryOf: (name) => (endpoints.has(name) ? (memory.get(name) ?? 2048) : undefined),
    deleteEndpoint(name) {
      if (!endpoints.delete(name)) return;
      deleted.add(name);
      world.onDelete(name);
    },
    observe(query) {
      const ticks: Observation[] = [];
      for (let at = query.from + query.tickMs; at <= query.to; at += query.tickMs) {
        const arm = (source: MetricsQuery['champion']): ArmTick | null => {
          if (source === null) return null;
          // A clock ahead of time asks for what hasn't happened yet.
          const middle = at - query.tickMs / 2;
          const share =
            at > world.now() ? 0 : query.copies === true ? sampleAt(middle) : shareAt(middle, source.version);
          const { errors, latencyMs } = world.behaviour[armOf(source.version).version] ?? {
            errors: 0.001,
            latencyMs: 20,
          };
          return armTick(
            Math.round((world.story.requestsPerTick * share) / 100),
            errors,
            latencyMs,
            at / query.tickMs,
            world.story.withHistograms,
          );
        };
        ticks.push({
          at: instant(at),
          tickMs: query.tickMs,
          plannedPercent: Number(query.plannedPercent),
          champion: arm(query.champion),
          challenger: arm(query.challenger),
          ...(query.copies === true
            ? { copies: copiesOf(at > world.now() ? 0 : sampleAt(at), world.story) }
            : {}),
        });
      }
      return ticks;
    },
  };
}

/** Share in percent by model version that a target gives. */
export function sharesOf(
  target: AliasTarget,
  variables: (functionVersion: string) => Variables,
): Record<string, number> {
  const result: Record<string, number> = {};
  const add = (functionVersion: string, share: number): void => {
    for (const [version, part] of Object.entries(armsOf(variables(functionVersion))))
      result[version] = (result[version] ?? 0) + (share * part) / 100;
  };
  let primary = 100;
  for (const [functionVersion, weight] of Object.entries(target.weights)) {
    add(functionVersion, weight * 100);
    primary -= weight * 100;
  }
  add(target.functionVersion, primary);
  return result;
}

/** Percent of requests of which the challenger of a target gets a copy, and whose these are. */
export function copiesIn(
  { functionVersion }: AliasTarget,
  variables: (functionVersion: string) => Variables,
): { readonly sample: number; readonly champion: string; readonly challenger: string } | null {
  const { champion, challenger, shadow } = routeOf(variables(functionVersion)) ?? {};
  if (champion === undefined || challenger === undefined || shadow === undefined) return null;
  return { sample: shadow.sample, champion: champion.version, challenger: challenger.version };
}

interface Published {
  readonly champion: { readonly version: string; readonly endpoint: string };
  readonly challenger?: { readonly version: string; readonly endpoint: string };
  readonly percent: number;
  readonly shadow?: { readonly sample: number };
}

/** Share by model version that a Lambda version with these variables gives. */
function armsOf(variables: Variables): Readonly<Record<string, number>> {
  const route = routeOf(variables);
  if (route === undefined) return { [variables.MODEL_VERSION ?? '?']: 100 };
  if (route.challenger === undefined) return { [route.champion.version]: 100 };
  return { [route.champion.version]: 100 - route.percent, [route.challenger.version]: route.percent };
}

/** Endpoints that a Lambda version with these variables calls. */
export function endpointsOf(variables: Variables): readonly string[] {
  const route = routeOf(variables);
  if (route === undefined) return [variables.SAGEMAKER_ENDPOINT ?? '?'];
  return [route.champion.endpoint, ...(route.challenger === undefined ? [] : [route.challenger.endpoint])];
}

const routes = new WeakMap<Variables, Published>();

function routeOf(variables: Variables): Published | undefined {
  const text = variables.MLREG_ROUTE;
  if (text === undefined || text === '') return undefined;
  let route = routes.get(variables);
  if (route === undefined) routes.set(variables, (route = JSON.parse(text) as Published));
  return route;
}

/** A good challenger answers as the champion does. */
function copiesOf(
  sample: number,
  { requestsPerTick, bad }: Pick<Story, 'requestsPerTick' | 'bad'>,
): CopiesTick {
  const compared = Math.round((requestsPerTick * sample) / 100);
  const disagreed = bad ? compared : 0;
  return { sent: compared, dropped: 0, compared, disagreed, distance: disagreed / 2, duplicates: 0 };
}

const edges = [10, 50, 250, 1_000];
const countsOf = (requests: number, latencyMs: number): readonly number[] =>
  [...edges, Infinity].map((le, index) =>
    latencyMs <= le && latencyMs > (edges[index - 1] ?? 0) ? requests : 0,
  );
/** How far a read of AWS's may lag behind. */
export const staleMs = 5_000;

/** How many of a tick's requests fail: the fraction is paid out over ticks. */
export function failedOf(requests: number, errors: number, tick: number): number {
  const expected = requests * errors;
  const order = tick % 1_000;
  return Math.min(requests, Math.floor(expected * (order + 1)) - Math.floor(expected * order));
}

function armTick(
  requests: number,
  errors: number,
  latencyMs: number,
  tick: number,
  withHistogram: boolean,
): ArmTick {
  const failed = failedOf(requests, errors, tick);
  return {
    requests,
    errors: failed,
    throttles: 0,
    ...(requests > 0 ? { meanLatencyMs: latencyMs } : {}),
    ...(withHistogram ? { latency: { le: edges, count: countsOf(requests, latencyMs) } } : {}),
    endpointErrors: failed,
  };
}
