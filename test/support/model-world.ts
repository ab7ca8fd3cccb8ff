import type { Actor, Entry, Stamp } from '../../src/domain/journal.ts';
import type { Difference } from '../../src/domain/shadow.ts';
import type { CopiesTick, Observation, Reading } from '../../src/domain/observation.ts';
import type { AliasTarget } from '../../src/domain/route.ts';
import { instant, percent, rolloutId, versionTag } from '../../src/domain/units.ts';
import { UserError } from '../../src/domain/user-error.ts';
import type { MetricsQuery } from '../../src/ports/index.ts';
import {
  type AliasView,
  type EndpointState,
  type Platform,
  PlatformError,
  type StageView,
} from '../../src/ports/platform.ts';
import type { Store } from '../../src/ports/store.ts';
import type { RolloutPorts } from '../../src/runner/ports.ts';
import type { RolloutState } from '../../src/engine/state.ts';
import { syntheticUsers } from './synthetic-users.ts';
import { type MemoryPlace, memoryPlace, openMemoryStore } from './memory-store.ts';
import { canary } from '../../src/strategies/canary.ts';
import type { BlueGreenSettings, CanarySettings, ShadowSettings } from '../../src/strategies/settings.ts';

/** Thrown out of a port: the process is dead from here on. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** What happens to the n-th call through a port. `lost`: it took effect, and the reply never came. */
export type Fault =
  | 'crash-before'
  | 'crash-after'
  | 'error-before'
  | 'lost'
  | 'denied'
  | 'expired'
  | 'read-only'
  /** The process that calls stands still from here on, as after SIGSTOP. */
  | 'stopped';

export interface ModelWorld {
  readonly ports: RolloutPorts;
  readonly place: MemoryPlace;
  readonly alias: (name?: 'live' | 'green') => AliasView;
  /** Somebody makes an alias, or moves one. */
  readonly makeAlias: (name: string, target: AliasTarget, stamp?: Stamp) => void;
  /** Somebody writes an alias's Description by hand. */
  readonly describe: (name: string, description: string) => void;
  /** A Lambda version from before, or $LATEST, with these variables. */
  readonly publishAs: (functionVersion: string, variables: Readonly<Record<string, string>>) => void;
  readonly stage: () => StageView;
  /** Somebody's UpdateStage, whoever that is. */
  readonly swap: (alias: string, stamp?: Stamp) => void;
  /** Somebody who isn't mlreg moves the alias. */
  readonly meddle: (target: AliasTarget) => void;
  /** All that were published, the oldest first. */
  readonly functionVersions: () => readonly string[];
  readonly variablesOf: (functionVersion: string) => Readonly<Record<string, string>>;
  /** In what $LATEST differs from what serves. */
  latest: readonly string[];
  /** How many a new version is asked. */
  smokeRequests: number;
  readonly endpoints: Map<string, EndpointState['kind']>;
  readonly calls: string[];
  readonly entries: Entry[];
  readonly advance: (ms: number) => void;
  /** Decides the fate of each call: index from 0 over all ports, and its name. */
  fault: (index: number, name: string) => Fault | null;
  /** Error rate and mean latency by version. */
  behaviour: Record<string, { errors: number; latencyMs: number }>;
  requestsPerTick: number;
  reading: ((query: MetricsQuery) => Reading) | null;
  /** Share of copies that are answered otherwise. */
  disagreement: number;
  /** Why SageMaker fails this endpoint when it is created; null: it does not. */
  fails: (endpoint: string) => string | null;
  /** In what this endpoint does not serve as configured. */
  otherwise: (endpoint: string) => readonly string[];
  differences: readonly Difference[];
  readonly states: RolloutState[];
}

/** A full disk, an immutable file, PutItem or its key denied: what is read is there, and what is written is refused. */
export const readOnlyStore = (_index: number, name: string): Fault | null =>
  /^store\.(acquire|append|beat|release|post|register|change|setTold|seal|keepSnapshot)$/.test(name)
    ? 'read-only'
    : null;

export const actor = (name = 'ana'): Actor => ({ name, host: 'here', pid: 1, command: 'mlreg deploy' });
export const v22 = versionTag('v2.2.0');
export const v23 = versionTag('v2.3.0');

/** AWS's rules that rollouts depend on, in memory, under a clock that moves only when somebody sleeps. */
export function modelWorld(kept?: Store): ModelWorld {
  let now = instant(1_750_000_000_000);
  let revision = 0;
  const asMade: AliasView = {
    target: { functionVersion: '7', weights: {} },
    description: '',
    stamp: undefined,
    revisionId: 'rev-0',
  };
  const aliases = new Map<string, AliasView>([
    ['live', asMade],
    ['green', asMade],
  ]);
  const aliasNamed = (name: string): AliasView => {
    const found = aliases.get(name);
    if (found === undefined) throw new PlatformError({ kind: 'missing', message: `no alias ${name}` });
    return found;
  };
  let stage: StageView = { alias: 'live', stamp: undefined, deploymentId: 'd-0', autoDeploy: false };
  const published = new Map<string, Readonly<Record<string, string>>>([['7', {}]]);
  /** In what $LATEST differed when each version was published. */
  const latestIn = new Map<string, readonly string[]>();
  /** Published by mlreg. */
  const ours = new Set<string>();
  let newest = 7;
  const place = memoryPlace();
  const store = kept ?? openMemoryStore(place);
  const calls: string[] = [];

  async function call<T>(name: string, effect: () => T | Promise<T>): Promise<T> {
    const fault = world.fault(calls.length, name);
    calls.push(name);
    await null;
    if (fault === 'crash-before') throw new Crash(name);
    if (fault === 'stopped') return new Promise<never>(() => undefined);
    if (fault === 'error-before') throw failure(name, 'unknown');
    if (fault === 'denied') throw failure(name, 'denied');
    if (fault === 'read-only') throw new UserError('unavailable', `${name}: mlreg's state can't be written`);
    if (fault === 'expired')
      throw new PlatformError({ kind: 'credentials', message: `${name}: the security token is expired` });
    const result = await effect();
    if (fault === 'crash-after') throw new Crash(name);
    if (fault === 'lost') throw failure(name, 'unknown');
    return result;
  }
  const failure = (name: string, kind: 'unknown' | 'denied'): Error =>
    name.startsWith('store.')
      ? new Error(`${name}: no answer`)
      : new PlatformError(
          kind === 'denied'
            ? { kind, action: name, message: `${name} is denied` }
            : { kind, message: `${name}: no answer` },
        );

  const endpointState = (name: string): EndpointState => {
    const kind = world.endpoints.get(name) ?? 'absent';
    return kind === 'failed' ? { kind, why: world.fails(name) ?? 'no reason given' } : { kind };
  };

  const platform: Platform = {
    readAlias: (name) => call('readAlias', () => aliasNamed(name)),
    writeAlias: (name, { target, stamp, revisionId: carried }) =>
      call('writeAlias', () => {
        if (carried !== aliasNamed(name).revisionId) return { kind: 'precondition' } as const;
        revision++;
        const revisionId = `rev-${revision}`;
        aliases.set(name, { target, stamp, revisionId, description: 'stamped' });
        return { kind: 'written', revisionId } as const;
      }),
    aliases: () => call('aliases', () => [...aliases].map(([name, { target }]) => ({ name, target }))),
    readStage: () => call('readStage', () => stage),
    swapProblems: () => call('swapProblems', () => []),
    writeStage: ({ alias, stamp, deployment }) =>
      call('writeStage', () => {
        const ids = { new: `d-${stamp.rollout}`, keep: stage.deploymentId };
        const deploymentId = typeof deployment === 'string' ? ids[deployment] : deployment.id;
        stage = { ...stage, alias, stamp, deploymentId };
      }),
    ensureEndpoint: ({ endpoint }) =>
      call('ensureEndpoint', () => {
        const state = world.endpoints.get(endpoint);
        if (state === undefined) world.endpoints.set(endpoint, 'creating');
        else if (state === 'creating')
          world.endpoints.set(endpoint, world.fails(endpoint) === null ? 'in-service' : 'failed');
        return endpointState(endpoint);
      }),
    endpoint: (name) => call('endpoint', () => endpointState(name)),
    servingDifferences: (name) => call('servingDifferences', () => world.otherwise(name)),
    deleteEndpoint: (name) => call('deleteEndpoint', () => void world.endpoints.delete(name)),
    smoke: () => call('smoke', () => ({ passed: true, requests: world.smokeRequests })),
    codeSha256: () => call('codeSha256', () => 'code'),
    latestDifferences: () => call('latestDifferences', () => world.latest),
    publishedDifferences: (version) => call('publishedDifferences', () => latestIn.get(version) ?? []),
    variables: (version) => call('variables', () => published.get(version) ?? {}),
    publish: ({ variables }) =>
      call('publish', () => {
        const count = [...published.keys()].filter((key) => key !== '$LATEST').length;
        // A number is never given twice.
        newest = Math.max(newest + 1, 7 + count);
        const functionVersion = String(newest);
        ours.add(functionVersion);
        latestIn.set(functionVersion, world.latest);
        published.set(functionVersion, { ...published.get('$LATEST'), ...variables });
        return { functionVersion };
      }),
    publishedVersions: () =>
      call('publishedVersions', () =>
        world.functionVersions().map((functionVersion) => ({
          functionVersion,
          isOurs: ours.has(functionVersion),
        })),
      ),
    deleteFunctionVersion: (functionVersion) =>
      call('deleteFunctionVersion', () => void published.delete(functionVersion)),
    warm: () => call('warm', () => 1),
    concurrency: () => call('concurrency', () => 1),
    load: () => call('load', () => ({ inFlight: 2, most: 20 })),
    warmEndpoint: (_endpoint, requests) =>
      call('warmEndpoint', () => ({ requests, warm: requests, throttled: false })),
  };

  const ports: RolloutPorts = {
    platform,
    store: new Proxy(store, {
      get:
        (target, name: keyof typeof store) =>
        (...args: never[]) =>
          call(`store.${name}`, () =>
            (target[name] as (...given: never[]) => Promise<unknown>).apply(target, args),
          ),
    }),
    metrics: {
      read: (query) => call('metrics.read', () => (world.reading ?? ((q) => synthetic(world, q)))(query)),
    },
    comparisons: {
      differences: () => call('differences', () => ({ found: world.differences, complete: true })),
    },
    userCounts: {
      read: ({ from, to, slowerThanMs }) =>
        call('userCounts', () => {
          const served = published.get(aliasNamed('live').target.functionVersion)?.MLREG_ROUTE;
          const traffic = {
            behaviour: world.behaviour,
            requests: (world.requestsPerTick * (to - from)) / 1_000,
          };
          return { kind: 'read', counts: syntheticUsers(traffic, served, slowerThanMs) } as const;
        }),
    },
    notifier: { send: () => call('notify', () => undefined) },
    clock: {
      now: () => now,
      sleepUntil: async (at) => {
        await null;
        if (at > now) now = at;
      },
    },
    ids: { rolloutId: () => rolloutId('r-1'), salt: () => 'salt', requestId: () => `q-${calls.length}` },
    onEntry: (entry, state) => {
      world.entries.push(entry);
      world.states.push(state);
    },
  };

  const world: ModelWorld = {
    ports,
    place,
    alias: (name = 'live') => aliasNamed(name),
    makeAlias: (name, target, stamp) => {
      revision++;
      aliases.set(name, { target, stamp, revisionId: `rev-${revision}`, description: '' });
    },
    describe: (name, description) => {
      revision++;
      aliases.set(name, {
        ...aliasNamed(name),
        description,
        stamp: undefined,
        revisionId: `rev-${revision}`,
      });
    },
    publishAs: (functionVersion, variables) => void published.set(functionVersion, variables),
    stage: () => stage,
    swap: (alias, stamp) => {
      stage = { ...stage, alias, stamp };
    },
    meddle: (target) => {
      revision++;
      aliases.set('live', { ...aliasNamed('live'), target, revisionId: `rev-${revision}` });
    },
    functionVersions: () =>
      [...published.keys()].filter((version) => version !== '$LATEST').sort((a, b) => Number(a) - Number(b)),
    variablesOf: (version) => published.get(version) ?? {},
    latest: [],
    smokeRequests: 3,
    endpoints: new Map(),
    calls,
    entries: [],
    states: [],
    advance: (ms) => {
      now = instant(now + ms);
    },
    fault: () => null,
    behaviour: {},
    requestsPerTick: 200,
    reading: null,
    disagreement: 0.1,
    fails: () => null,
    otherwise: () => [],
    differences: [],
  };
  return world;
}

/** Deterministic traffic: each tick has its share of requests, errors and latency. */
function synthetic(world: ModelWorld, query: MetricsQuery): Reading {
  const observations: Observation[] = [];
  const arm = (version: string | undefined, share: number, tick: number): Observation['champion'] => {
    if (version === undefined) return null;
    const { errors, latencyMs } = world.behaviour[version] ?? { errors: 0.001, latencyMs: 20 };
    const requests = Math.round(world.requestsPerTick * share);
    const expected = requests * errors;
    // The fraction is paid out over ticks.
    const failed = Math.floor(expected * (tick + 1)) - Math.floor(expected * tick);
    const edge = [10, 25, 50, 100, 250, 500, 1_000, 2_500];
    const count = [...edge, Infinity].map((le, index) =>
      latencyMs <= le && latencyMs > (edge[index - 1] ?? 0) ? requests : 0,
    );
    return {
      requests,
      errors: failed,
      throttles: 0,
      meanLatencyMs: latencyMs,
      latency: { le: edge, count },
      endpointErrors: failed,
    };
  };
  const copies = (tick: number): CopiesTick => {
    const compared = Math.round(world.requestsPerTick / 2);
    const expected = compared * world.disagreement;
    const disagreed = Math.floor(expected * (tick + 1)) - Math.floor(expected * tick);
    return { sent: compared, dropped: 0, compared, disagreed, distance: disagreed / 2, duplicates: 0 };
  };
  for (let at = query.from + query.tickMs, tick = 0; at <= query.to; at += query.tickMs, tick++) {
    const share = Number(query.plannedPercent) / 100;
    observations.push({
      at: instant(at),
      tickMs: query.tickMs,
      plannedPercent: Number(query.plannedPercent),
      champion:
        query.champion === null
          ? null
          : arm(query.champion.version, 1 - share, Math.round(at / query.tickMs) % 1_000),
      challenger:
        query.challenger === null
          ? null
          : arm(query.challenger.version, share, Math.round(at / query.tickMs) % 1_000),
      ...(query.copies === true ? { copies: copies(Math.round(at / query.tickMs) % 1_000) } : {}),
    });
  }
  return { kind: 'read', observations };
}

export const policy: CanarySettings['policy'] = {
  alpha: 0.01,
  alphaPromote: 0.05,
  tickMs: 1_000,
  steps: [
    { percent: 10, ticks: 10 },
    { percent: 50, ticks: 10 },
  ],
  warmUpMs: 0,
  minimumBakeMs: 5_000,
  minimumTicks: 3,
  rollbackMargin: { ratio: 1.1, difference: 0.0002, slower: 0.1 },
  promoteMargin: { ratio: 1.25, difference: 0.001, slower: 0.2 },
  guardrails: { errorRate: 0.05, meanLatencyMs: 1_000, endpointErrorsPerMinute: 10, throttleRate: 0.1 },
  scope: 'attributable',
  noise: 'robust',
  detectableRatio: 5,
  history: [],
  historyTickMs: 1_000,
};

export const canarySettings = (over: Partial<CanarySettings> = {}): CanarySettings => ({
  model: 'recommendation',
  environment: 'local',
  champion: v22,
  challenger: v23,
  routing: 'sticky',
  alias: 'live',
  policy,
  tickMs: 1_000,
  settleMs: 1_000,
  maxHoldMs: 60_000,
  approvals: 0,
  approvalTimeoutMs: 60_000,
  provisionTimeoutMs: 60_000,
  keepPreviousMs: 3_600_000,
  unreadableMs: 20_000,
  maxTries: 6,
  steps: [percent(10), percent(50)],
  bakeMs: 10_000,
  extendMs: 10_000,
  onInconclusive: 'promote',
  ...over,
});

export const blueGreenSettings = (over: Partial<BlueGreenSettings> = {}): BlueGreenSettings => ({
  ...canarySettings(),
  percent: percent(10),
  finalBakeMs: 10_000,
  green: 'green',
  ...over,
});

/** Copies of a quarter of the requests. */
export const shadowSettings = (over: Partial<ShadowSettings> = {}): ShadowSettings => ({
  ...canarySettings(),
  policy: { ...policy, steps: [{ percent: 50, ticks: 10 }], disagreement: 0.3 },
  sample: percent(25),
  keep: false,
  setup: {
    function: 'recommendation-shadow-local:live',
    comparison: {
      class: 'items.0.id',
      score: null,
      scale: 1,
      tolerance: 0.001,
      ignore: ['modelVersion'],
      show: [],
    },
  },
  ...over,
});

export const startOf = (over: Partial<CanarySettings> = {}) => ({
  plan: canary(canarySettings(over)),
  actor: actor(),
  reason: '',
  home: { functionVersion: '7', weights: {} },
  endpoints: {
    [v22]: { name: 'recommendation-local-v2-2-0-aaaaaaaa', generation: 1 },
    [v23]: { name: 'recommendation-local-v2-3-0-bbbbbbbb', generation: 1 },
  },
  codeSha256: 'code',
  changes: [],
});

/** The registry as it is before a rollout: a champion that serves, a candidate. */
export async function seedRegistry(world: ModelWorld): Promise<void> {
  const store = openMemoryStore(world.place);
  const at = world.ports.clock.now();
  const record = {
    artifact: { uri: 'file:///a', digest: 'aa' },
    metrics: {},
    registeredAt: at,
    registeredBy: 'ana',
    statusAt: at,
    statusReason: '',
  };
  await store.register({
    ...record,
    version: v22,
    status: 'champion',
    functionVersion: '7',
    endpoint: { name: 'recommendation-local-v2-2-0-aaaaaaaa', generation: 1 },
  });
  await store.register({ ...record, version: v23, status: 'candidate' });
  world.endpoints.set('recommendation-local-v2-2-0-aaaaaaaa', 'in-service');
}
