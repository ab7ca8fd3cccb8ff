import { lap } from '../../src/controller/lap.ts';
import type { Post } from '../../src/controller/watched.ts';
import { controllerCommand, isController } from '../../src/domain/controller.ts';
import { armOf } from '../../src/domain/arm.ts';
import { percent, type RolloutId, type VersionTag } from '../../src/domain/units.ts';
import type { Entry, Request } from '../../src/domain/journal.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { VersionRecord } from '../../src/domain/registry.ts';
import { PlatformError, type StageView } from '../../src/ports/platform.ts';
import type { Store } from '../../src/ports/store.ts';
import { UserError } from '../../src/domain/user-error.ts';
import { generationMeant, generationsOf, nextGeneration } from '../../src/registry/generations.ts';
import { previousGood, standingOf } from '../../src/registry/known-good.ts';
import { isStoreLost, markerOf, undoOf } from '../../src/app/rollback/without-store.ts';
import { chooseGeneration } from '../../src/runner/choose-generation.ts';
import { collect } from '../../src/runner/collect.ts';
import { type DriveResult, drive } from '../../src/runner/drive.ts';
import { endWatch } from '../../src/runner/end-watch.ts';
import { findReturn } from '../../src/runner/find-return.ts';
import { aliasesIn, markersIn } from '../../src/runner/environment-view.ts';
import { lookAround, lookAtMarkers } from '../../src/runner/look.ts';
import { isOfAnotherStore, leadsBackTo, newestOf } from '../../src/engine/marker.ts';
import { Overtaken, restore } from '../../src/runner/restore.ts';
import { rebuild } from '../../src/registry/rebuild.ts';
import { servedBy } from '../../src/registry/served.ts';
import { planOf as commonPlan } from '../../src/strategies/common.ts';
import { abort as abortRollout, start, takeOver } from '../../src/runner/own.ts';
import { replay } from '../../src/engine/fold-journal.ts';
import { rollBackBlind, wentBackBlind, writerFrom } from '../../src/runner/roll-back-blind.ts';
import type { RolloutState } from '../../src/engine/state.ts';
import { homeOf } from '../../src/engine/target.ts';
import { blueGreen } from '../../src/strategies/blue-green.ts';
import { canary } from '../../src/strategies/canary.ts';
import { rollback as rollbackPlan } from '../../src/strategies/rollback.ts';
import { shadow } from '../../src/strategies/shadow.ts';
import { watch as watchPlan } from '../../src/strategies/watch.ts';
import { memorySightings } from '../../src/store/sightings.ts';
import { canarySettings, policy, shadowSettings } from '../support/model-world.ts';
import { endpointName, v23, v24 } from './versions.ts';
import type { Machine, SimWorld } from './world.ts';

/** What the commands do with the engine, without words and colours. */
export interface Programs {
  /** @param takes whether what differs in $LATEST is put on trial as well */
  deploy(machine: Machine, version: VersionTag, takes?: boolean): Promise<void>;
  abort(machine: Machine): Promise<void>;
  rollback(machine: Machine, to?: VersionTag): Promise<void>;
  /**
   * Rebuilds a lost store.
   * @param forced by somebody who knows that the other store, whose marker the alias carries, is gone
   */
  recover(machine: Machine, forced?: boolean): Promise<void>;
  /** The same for records that came from a backup: it looks again where somebody has changed an alias meanwhile. */
  restore(machine: Machine, forced?: boolean): Promise<void>;
  resume(machine: Machine, patient: boolean): Promise<DriveResult['kind'] | 'asked' | 'nothing'>;
  ask(machine: Machine, wish: Wish): Promise<void>;
  watch(machine: Machine): Promise<void>;
  gc(machine: Machine): Promise<void>;
  controller(machine: Machine): Promise<void>;
}

export type Wish =
  | { readonly kind: 'pause' | 'resume' | 'reject' }
  /** `by` 0 is whoever deployed it. */
  | { readonly kind: 'approve'; readonly by: number }
  | { readonly kind: 'promote'; readonly full: boolean }
  | { readonly kind: 'traffic'; readonly percent: number };

export type Strategy = 'canary' | 'blue-green' | 'shadow';

export interface Manner {
  readonly routing: 'sticky' | 'weighted';
  /** Canary where it isn't given. */
  readonly strategies?: { readonly deploy: Strategy; readonly again: Strategy; readonly last: Strategy };
  /** There is a second alias, and a stage that may name it. */
  readonly green?: boolean;
  readonly bakeMs: number;
  readonly steps: readonly number[];
  readonly onInconclusive: 'hold' | 'extend' | 'promote' | 'rollback';
  /** What a breach does where it does not roll back at once. */
  readonly onBreach?: 'hold' | 'hold-at-zero';
  /** How many people must approve. */
  readonly approvals: number;
  /** A person thinks between looking and acting. */
  readonly thinkMs: number;
}

/** How long a rollout holds for a person. */
export const mostHeldMs = 15_000;

const alias = 'live';
const keepMs = 3_600_000;
const never = new AbortController().signal;
const silenceMs = 12_000;

export function programs(world: SimWorld, manner: Manner): Programs {
  const tickMs = 1_000;
  const green = manner.green === true ? 'green' : null;
  const settingsOf = (champion: VersionTag | null, challenger: VersionTag) =>
    canarySettings({
      champion,
      challenger,
      ...(green === null ? {} : { green }),
      routing: manner.routing,
      onInconclusive: manner.onInconclusive,
      steps: manner.steps.map(percent),
      bakeMs: manner.bakeMs,
      extendMs: 3_000,
      maxHoldMs: mostHeldMs,
      ...(manner.onBreach === undefined ? {} : { onBreach: manner.onBreach }),
      provisionTimeoutMs: 15_000,
      approvals: manner.approvals,
      approvalTimeoutMs: 15_000,
      unreadableMs: 6_000,
      policy: {
        ...policy,
        minimumBakeMs: 2_000,
        minimumTicks: 2,
        steps: manner.steps.map((share) => ({ percent: share, ticks: manner.bakeMs / tickMs })),
      },
    });

  const strategyOf = (tag: VersionTag): Strategy => {
    const { strategies } = manner;
    const { version } = armOf(tag);
    if (strategies === undefined) return 'canary';
    return version === v23 ? strategies.deploy : version === v24 ? strategies.again : strategies.last;
  };

  function planOf(
    strategy: Strategy,
    champion: VersionTag | null,
    challenger: VersionTag,
    { serving, replaces }: { readonly replaces: readonly VersionRecord[] } & Pick<Machine, 'serving'>,
  ): Plan {
    const settings = {
      ...settingsOf(champion, challenger),
      serving,
      replaces: replaces.map(({ version }) => version),
    };
    const [first = percent(10)] = settings.steps;
    const ticks = manner.bakeMs / tickMs;
    const judged = (...shares: number[]) => ({
      ...settings.policy,
      steps: shares.map((share) => ({ percent: share, ticks })),
    });
    switch (strategy) {
      case 'canary':
        return canary(settings);
      case 'blue-green': {
        const twin = { percent: first, finalBakeMs: manner.bakeMs, green: 'green' };
        return blueGreen({ ...settings, ...twin, policy: judged(first, 100) });
      }
      case 'shadow': {
        const { setup } = shadowSettings();
        const copies = { sample: percent(50), keep: manner.bakeMs % 2_000 === 0, setup };
        return shadow({ ...settings, ...copies, policy: { ...judged(50), disagreement: 0.3 } });
      }
    }
  }

  /** Journals only grow: what one process has replayed another needn't. */
  const known = new Map<RolloutId, { readonly last: Entry | undefined; readonly state: RolloutState }>();
  const replayed = (id: RolloutId, entries: readonly Entry[]): RolloutState => {
    const before = known.get(id);
    if (before !== undefined && before.last === entries.at(-1)) return before.state;
    const state = replay(id, entries);
    known.set(id, { last: entries.at(-1), state });
    return state;
  };

  async function unfinished({ ports }: Machine): Promise<RolloutState | null> {
    const [newest] = await ports.store.rollouts();
    if (newest === undefined) return null;
    const state = replayed(newest, await ports.store.journal(newest));
    return state.phase === 'ended' && state.outcome?.kind !== 'stuck' ? null : state;
  }

  async function ownerLives(machine: Machine): Promise<boolean> {
    const { store } = machine.ports;
    const first = await store.lock();
    // A person who resumes goes before the controller.
    if (first.owner === null || isController(first.owner)) return false;
    for (let waited = 0; waited < silenceMs; waited += 1_500) {
      await machine.sleep(1_500);
      const lock = await store.lock();
      if (lock.owner === null) return false;
      if (lock.beat !== first.beat || lock.token !== first.token) return true;
    }
    return false;
  }

  const servingOf = (versions: readonly VersionRecord[]): VersionRecord | null =>
    versions.find(({ status }) => status === 'champion') ?? null;
  const championOf = (versions: readonly VersionRecord[]): VersionRecord => {
    const champion = servingOf(versions);
    if (champion === null) throw new UserError('conflict', 'no champion', { mend: '' });
    return champion;
  };
  /** Under which a version is served, or would be. */
  const endpointOf = ({ version, endpoint }: VersionRecord) => {
    const { generation } = armOf(version);
    return endpoint ?? { name: endpointName(version), generation };
  };
  const endpointsOf = (...records: readonly VersionRecord[]) =>
    Object.fromEntries(records.map((record) => [record.version, endpointOf(record)]));

  const see = (result: DriveResult): DriveResult => {
    if (result.kind === 'lost') world.saw('fenced a live owner');
    return result;
  };

  async function deploy(machine: Machine, version: VersionTag, takes = false): Promise<void> {
    const { ports, actor } = machine;
    const { store, platform } = ports;
    if ((await unfinished(machine)) !== null) return world.saw('deploy refused: one is under way');
    const versions = await store.versions();
    const champion = servingOf(versions);
    const of = generationsOf(versions, version);
    if (of.length === 0) return;
    const { record, isNew, replaces } = await chooseGeneration(ports, of, { by: actor.name });
    if (champion?.version === record.version) return;
    const view = await platform.readAlias(alias);
    if (Object.keys(view.target.weights).length > 0) return world.saw('deploy refused: alias splits');
    if (champion !== null && champion.functionVersion !== view.target.functionVersion)
      return world.saw('deploy refused: alias moved by hand');
    const strategy = champion === null ? 'canary' : strategyOf(version);
    const stage = await stageFor(machine, strategy);
    if (stage?.alias !== undefined && stage.alias !== alias)
      return world.saw('deploy refused: the stage names another alias');
    const differences =
      champion === null ? undefined : await platform.latestDifferences(view.target.functionVersion);
    if (differences !== undefined && differences.length > 0 && !takes)
      return world.saw('deploy refused: $LATEST differs');
    const codeSha256 = await platform.codeSha256();
    if (manner.thinkMs > 0) await machine.sleep(manner.thinkMs);
    const endpoints = endpointsOf(record, ...replaces, ...(champion === null ? [] : [champion]));
    const id = ports.ids.rolloutId();
    if (isNew) await store.register(record);
    if (replaces.length > 0) world.saw('a failed endpoint was replaced');
    const journal = await start(ports, id, {
      plan: {
        ...planOf(strategy, champion?.version ?? null, record.version, {
          serving: machine.serving,
          replaces,
        }),
        ...(differences === undefined ? {} : { mayDiffer: differences }),
      },
      actor,
      reason: '',
      home: { functionVersion: view.target.functionVersion, weights: {} },
      ...(stage?.deploymentId === undefined ? {} : { deploymentId: stage.deploymentId }),
      endpoints,
      codeSha256,
      isNew,
      changes: [
        {
          version: record.version,
          set: {
            status: 'challenger',
            statusAt: ports.clock.now(),
            statusReason: `${strategy} began`,
            endpoint: endpointOf(record),
            serving: machine.serving,
          },
        },
      ],
    });
    see(await drive(ports, journal, { signal: never }));
  }

  /** Only who means to swap it can't do without it. */
  async function stageFor({ ports }: Machine, strategy: Strategy): Promise<StageView | null> {
    if (green === null) return null;
    try {
      return await ports.platform.readStage();
    } catch (error) {
      if (error instanceof PlatformError && strategy !== 'blue-green') return null;
      throw error;
    }
  }

  async function abortRunning(machine: Machine, id: RolloutId): Promise<DriveResult> {
    const by = machine.actor.name;
    const cause = { kind: 'abort', by, sentence: `aborted by ${by}` } as const;
    const options = { alias, green, signal: never };
    const result = await abortRollout(machine.ports, id, machine.actor, cause, options);
    return takeUpNext(machine, id, see(result));
  }

  /** As the command has it. */
  const warmWithinMs = 30_000;

  async function rollback(machine: Machine, to?: VersionTag): Promise<void> {
    const { ports, actor } = machine;
    const { store, platform } = ports;
    let running: RolloutState | null;
    try {
      running = await unfinished(machine);
    } catch (error) {
      if (!isStoreLost(error)) throw error;
      return blind(machine, undefined);
    }
    if (running !== null) {
      const { strategy, undo } = running.plan;
      const { id } = running;
      const back = { alias, green, sentence: 'has no version before it' };
      if (strategy === 'watch' && undo === null) see(await endWatch(ports, running.id, actor, back));
      // Who rolls back while a rollback is unfinished wants it finished.
      else if (strategy === 'rollback') await takeUp(machine, running.id, true);
      else await orBlind(machine, () => abortRunning(machine, id), undoOf(running), running);
      return;
    }
    const undone = await undoneIn(ports);
    if (undone !== null) return void (await takeUp(machine, undone, true));
    const versions = await store.versions();
    const champion = championOf(versions);
    const wanted = to === undefined ? previousGood(versions) : generationMeant(versions, to);
    const standing = wanted === undefined ? undefined : standingOf(wanted);
    if (wanted === undefined || standing === undefined || standing.kind === 'never-served') return;
    const view = await platform.readAlias(alias);
    const { service } = standing;
    const why = `built for a rollback to ${wanted.version}`;
    const of = generationsOf(versions, armOf(wanted.version).version);
    const fresh = nextGeneration(of, { at: ports.clock.now(), by: actor.name, why });
    const back = await findReturn(platform, { record: wanted, service, next: endpointOf(fresh) });
    const { returnsTo, builds, endpoint, anew = false } = back;
    const returning = anew ? fresh : wanted;
    world.saw(builds === undefined ? 'rollback returns' : 'rollback builds');
    const plan = (world.design?.rollbackPlan ?? rollbackPlan)({
      ...settingsOf(champion.version, returning.version),
      champion: champion.version === returning.version ? null : champion.version,
      returnsTo,
      builds,
      warmWithinMs: world.calm ? warmWithinMs : undefined,
      serving: (anew ? undefined : wanted.serving) ?? machine.serving,
      ...(world.revoked ? { republishes: 'holds 1 API key of its own' } : {}),
    });
    if (plan.republishes !== undefined) world.saw('rollback republishes');
    // Only what is published anew is made of $LATEST.
    const codeSha256 =
      plan.returnsTo === undefined || plan.republishes !== undefined
        ? await platform.codeSha256()
        : (service.codeSha256 ?? '');
    const begin = async () => {
      if (anew) await store.register(returning);
      return start(ports, ports.ids.rolloutId(), {
        plan,
        actor,
        reason: '',
        home: homeOf(champion, view.target),
        endpoints: { ...endpointsOf(champion), [returning.version]: endpoint },
        codeSha256,
        isNew: anew,
        changes: [
          {
            version: returning.version,
            set: { endpoint, ...(plan.serving === undefined ? {} : { serving: plan.serving }) },
          },
        ],
      });
    };
    const move = async (): Promise<void> => void see(await drive(ports, await begin(), { signal: never }));
    // What has to be built can't be moved to by the alias alone.
    if (builds !== undefined) await move();
    else await orBlind(machine, move, service.functionVersion);
  }

  /** Where the store can't be used: by the alias alone, as the commands do it. */
  async function orBlind(
    machine: Machine,
    withStore: () => Promise<unknown>,
    to: string | undefined,
    running?: RolloutState,
  ): Promise<void> {
    try {
      await withStore();
    } catch (error) {
      if (!isStoreLost(error)) throw error;
      await blind(machine, to, running);
    }
  }

  async function blind({ ports }: Machine, to: string | undefined, running?: RolloutState): Promise<void> {
    const undoes = running === undefined ? undefined : markerOf(running);
    const order = {
      writer: writerFrom(ports.ids.requestId()),
      ...(to === undefined ? {} : { to }),
      ...(undoes === undefined ? {} : { undoes }),
    };
    const outcome = await rollBackBlind(ports.platform, { alias, green }, order);
    world.saw(`blind rollback ${outcome.kind}`);
  }

  async function watch(machine: Machine): Promise<void> {
    const { ports, actor } = machine;
    const { store, platform } = ports;
    if ((await unfinished(machine)) !== null) return;
    const versions = await store.versions();
    const champion = championOf(versions);
    const back = previousGood(versions, { withEndpoint: true });
    const serving = async () => (await platform.readAlias(alias)).target.functionVersion;
    const home = back?.functionVersion ?? champion.functionVersion ?? (await serving());
    const roles = settingsOf(back?.version ?? null, champion.version);
    const journal = await start(ports, ports.ids.rolloutId(), {
      plan: watchPlan({ ...roles, durationMs: 40_000, champion: back?.version ?? null }),
      actor,
      reason: 'watch',
      home: { functionVersion: home, weights: {} },
      endpoints: endpointsOf(champion, ...(back === undefined ? [] : [back])),
      codeSha256: '',
      changes: [],
    });
    see(await drive(ports, journal, { signal: never }));
  }

  async function ask({ ports, actor }: Machine, id: RolloutId, wish: Wish): Promise<void> {
    const common = { id: ports.ids.requestId(), at: ports.clock.now(), by: actor.name, reason: '' };
    const request: Request =
      wish.kind === 'traffic'
        ? { ...common, kind: 'traffic', percent: percent(wish.percent) }
        : wish.kind === 'approve'
          ? { ...common, kind: 'approve', ...(await approvalOf(ports.store, id, wish.by)) }
          : { ...common, ...wish };
    await ports.store.post(id, request);
  }

  /** By whoever began the rollout, or by somebody else; of the plan as it stands in the journal. */
  async function approvalOf(
    store: Store,
    id: RolloutId,
    by: number,
  ): Promise<{ readonly by: string; readonly planHash: string }> {
    const [first] = await store.journal(id);
    const started = first?.kind === 'started' ? first : undefined;
    return {
      by: by === 0 && started !== undefined ? started.by.name : `approver-${by}`,
      planHash: started?.planHash ?? '',
    };
  }

  async function takeUp(machine: Machine, id: RolloutId, isResume: boolean): Promise<DriveResult> {
    const { ports, actor } = machine;
    const journal = await takeOver(ports, id, actor, { alias, green });
    world.saw('took over a dead owner');
    if (isResume && journal.state().pausedAt !== null) await ask(machine, id, { kind: 'resume' });
    return takeUpNext(machine, id, see(await drive(ports, journal, { signal: never })));
  }

  const undoneIn = (ports: Machine['ports']): Promise<RolloutId | null> =>
    wentBackBlind(ports.store, async () => (await lookAtMarkers(ports, { alias, green })).claim);

  /** What ended because users had been brought back from an earlier rollout leaves that one to be told. */
  async function takeUpNext(machine: Machine, id: RolloutId, result: DriveResult): Promise<DriveResult> {
    if (result.kind !== 'ended' || result.outcome.kind !== 'rolled-back') return result;
    const undone = await undoneIn(machine.ports);
    return undone === null || undone === id ? result : takeUp(machine, undone, true);
  }

  async function recover({ ports, actor }: Machine, forced = false): Promise<void> {
    const { store, platform, clock, ids } = ports;
    const look = await lookAround(ports, { alias, green });
    const { view } = look.main;
    const { kind } = look.claim.meaning;
    if (isOfAnotherStore(look.claim.meaning) && !forced)
      return world.saw('a recovery left the store that is in use');
    if (kind === 'own' || kind === 'superseded' || kind === 'unmarked' || kind === 'unknown-rollback') return;
    const rollout = ids.rolloutId();
    const served = (world.level.publications?.() ?? []).flatMap((one) => servedBy(one) ?? []);
    const names = served.flatMap(({ champion, challenger }) =>
      [champion, challenger].flatMap((arm) => arm?.endpoint ?? []),
    );
    const endpoints = new Map<string, boolean>();
    for (const name of new Set(names)) {
      const { kind: state } = await platform.endpoint(name);
      endpoints.set(name, state !== 'absent' && state !== 'deleting');
    }
    const [newest] = newestOf(markersIn(look));
    const rebuilt = rebuild({
      target: view.target,
      reached: look.reached.view.target,
      back: newest === undefined ? undefined : leadsBackTo(newest.stamp),
      served,
      endpoints,
      artifacts: new Map([...endpoints.keys()].map((name) => [name, { uri: 'file:///a', digest: 'aa' }])),
      known: await store.versions(),
      by: actor.name,
      at: clock.now(),
      rollout,
    });
    if (rebuilt === null) throw new Error('what serves names no version');
    const closes: RolloutId[] = [];
    for (const id of await store.rollouts()) {
      const { outcome } = replay(id, await store.journal(id));
      if (outcome === null || outcome.kind === 'stuck') closes.push(id);
    }
    const { champion, previous } = rebuilt;
    await restore(ports, {
      command: 'mlreg recover',
      actor,
      reason: '',
      rollout,
      plan: commonPlan('watch', settingsOf(previous?.version ?? null, champion.version), []),
      endpoints: {},
      back: previous?.functionVersion ?? champion.functionVersion,
      aliases: aliasesIn(look),
      stamps: markersIn(look).flatMap(({ stamp }) => stamp ?? []),
      register: rebuilt.register,
      changes: rebuilt.changes,
      closes,
    });
  }

  async function restoreBackup(machine: Machine, forced = false): Promise<void> {
    for (let looks = 1; ; looks++) {
      try {
        return await recover(machine, forced);
      } catch (error) {
        if (!(error instanceof Overtaken) || looks === 5) throw error;
        world.saw('a restore looked again');
      }
    }
  }

  return {
    deploy,
    recover,
    restore: restoreBackup,
    rollback,
    watch,
    async gc({ ports, actor }) {
      const versions = { keepVersions: 1, mostVersions: 50 };
      const wanted = { environment: 'local', alias, green, keepMs, ...versions, actor, rehearse: false };
      const { tidied, retired, stale } = await collect(ports, wanted);
      if (tidied.length > 0) world.saw('gc brought to rest');
      if (retired.length > 0) world.saw('gc retired an endpoint');
      if (stale.functionVersions.length > 0) world.saw('gc deleted Lambda versions');
    },
    async abort(machine) {
      const running = await unfinished(machine);
      if (running === null) return;
      if (manner.thinkMs > 0) await machine.sleep(manner.thinkMs);
      const { id, plan } = running;
      if (plan.strategy !== 'watch')
        return orBlind(machine, () => abortRunning(machine, id), undoOf(running), running);
      see(
        await endWatch(machine.ports, running.id, machine.actor, {
          alias,
          green,
          sentence: 'is watched no more',
        }),
      );
    },
    async resume(machine, patient) {
      const { ports } = machine;
      const running = await unfinished(machine);
      if (running === null) {
        const undone = await undoneIn(ports);
        if (undone === null) return 'nothing';
        return (await takeUp(machine, undone, true)).kind;
      }
      if (patient && running.outcome === null && (await ownerLives(machine))) {
        await ask(machine, running.id, { kind: 'resume' });
        return 'asked';
      }
      return (await takeUp(machine, running.id, true)).kind;
    },
    async ask(machine, wish) {
      const running = await unfinished(machine);
      if (running !== null) await ask(machine, running.id, wish);
    },
    async controller(machine) {
      const { ports, actor } = machine;
      const post: Post = {
        ports,
        sightings: memorySightings(),
        actor: { ...actor, command: controllerCommand },
        silenceMs,
        isAlive: () => 'unknown',
      };
      for (;;) {
        let pauseMs = 5_000;
        try {
          const result = await lap(post, true);
          if (result.kind === 'again' || result.kind === 'cut-off')
            pauseMs = Math.min(pauseMs, Math.max(100, result.at - ports.clock.now()));
          if (result.kind === 'again') {
            if (result.adopted !== null) world.saw('controller adopted an orphan');
          }
          if (result.kind === 'ended') world.saw('controller finished an orphan');
          if (result.kind === 'lost') world.saw('controller made way');
        } catch (error) {
          if (!isToldToPeople(error)) throw error;
          delete post.known;
        }
        await machine.sleep(pauseMs);
      }
    },
  };
}

/** What a person, or a log, is told of; all else is a bug. */
const isToldToPeople = (error: unknown): boolean =>
  error instanceof UserError || error instanceof PlatformError;
