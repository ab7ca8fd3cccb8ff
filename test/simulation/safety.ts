import { armOf } from '../../src/domain/arm.ts';
import { heldFor } from '../../src/engine/fold-journal.ts';
import type { Entry, Outcome, Stamp } from '../../src/domain/journal.ts';
import { approvedPercent, type Plan } from '../../src/domain/plan.ts';
import { type AliasTarget, sameTarget } from '../../src/domain/route.ts';
import type { Service, VersionRecord } from '../../src/domain/registry.ts';
import { servicesOf } from '../../src/registry/known-good.ts';
import type { AliasView, EndpointState, StageView } from '../../src/ports/platform.ts';
import type { AliasName, StageWrite } from './aws-model.ts';

export type Law =
  | 'I1 terminal stays terminal'
  | 'I2 legal weights'
  | 'I3 one owner'
  | 'I4 journal before effect'
  | 'I4 effect before label'
  | 'I5 idempotence'
  | 'I6 nothing reachable is deleted'
  | 'I7 always a way back'
  | 'I8 no promotion on absence'
  | 'I9 rollback wins'
  | 'I10 approval binding'
  | 'I13 audit complete'
  | 'I14 bounded'
  | 'I15 rollback returns'
  | 'I16 served as planned'
  | 'I17 nothing referred to is deleted'
  | 'I18 nothing rides along'
  | 'I19 warm where nobody suffers'
  | 'I20 times are those of AWS'
  | 'one champion'
  | 'L1 breach ends'
  | 'L2 crash ends'
  | 'L3 stuck ends'
  | 'L4 leak-free'
  | 'no surprise';

/** A law was broken: the seed has found a bug. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly law: Law;
  constructor(law: Law, sentence: string) {
    super(`${law}: ${sentence}`);
    this.law = law;
  }
}

export interface Watched {
  shares(target: AliasTarget): Readonly<Record<string, number>>;
  endpointsOf(
    target: AliasTarget,
  ): readonly { readonly name: string; readonly state: EndpointState['kind'] }[];
  registry(): readonly VersionRecord[];
  /** All that there are, the one that a plan moves first. */
  aliases(): readonly AliasView[];
  /** Share in percent by model version that users get. */
  users(): Readonly<Record<string, number>>;
  /** Lambda versions that served everybody before the simulation began. */
  readonly servedBefore: readonly string[];
  /** In what else than its route a Lambda version is not what another one is. */
  differences(functionVersion: string, serving: string): readonly string[];
  /** The memory that an endpoint was made with, MB. */
  memoryOf(endpoint: string): number | undefined;
  /** Whether a Lambda version is there, and its endpoint was in service when what is begun now was planned. */
  wasThere(service: Service): boolean;
  /** Endpoints that a Lambda version may ask. */
  namedBy(functionVersion: string): readonly string[];
  /** Nothing of mlreg's served before. */
  readonly isFirst: boolean;
  /** AWS may answer a look at an endpoint or a Lambda version from before it was made. */
  readonly looksMayLag: boolean;
  saw(situation: string): void;
}

export interface Safety {
  /** After a write of mlreg's on the alias. */
  written(
    write: { readonly target: AliasTarget; readonly stamp: Stamp },
    before: AliasView,
    alias: AliasName,
  ): void;
  /** After a write of mlreg's on the stage. */
  swapped(write: StageWrite, before: StageView): void;
  deleted(endpoint: string): void;
  deletedVersion(functionVersion: string): void;
  /** After entries were committed. */
  appended(rollout: string, entries: readonly Entry[]): void;
  journals(): ReadonlyMap<string, readonly Entry[]>;
  /** A journal says that the second alias, or the stage, was left as it was. */
  leftUndone(): boolean;
  /** The store holds so many entries of each journal, and forgot all others. */
  forget(lengths: ReadonlyMap<string, number>): void;
  /** Nothing on alias live says any more which token of the lost store fenced it: the next store's epoch does. */
  wiped(): void;
  /** A person pushed a rollout on with `promote`, also one that the store has lost since. */
  everForced(): boolean;
}

interface Followed {
  readonly plan: Plan;
  readonly home: AliasTarget;
  readonly entries: Entry[];
  /** The journal as it was each time before the store lost the end of it. */
  readonly lost: (readonly Entry[])[];
  /** Lambda versions to which people rolled back without the store. */
  readonly chosen: Set<string>;
  /** Under this token, or a newer one, nothing gives the challenger traffic any more. */
  backSince: number | null;
  /** Where in the journal it was told to. */
  backSeq: number;
  readonly wentHome: Set<AliasName>;
  /** The share that each alias gives the challenger, where it ever gave one. */
  readonly shares: Map<AliasName, number>;
  promoteLanded: boolean;
  /** The last `ended`, unless somebody has taken the rollout up since. */
  ended: Outcome['kind'] | null;
}

/** The laws, checked after every effect, on what really happened and not on what the engine believes. */
export function watchSafety(world: Watched): Safety {
  const rollouts = new Map<string, Followed>();
  let forced = false;
  /** The memory of each generation that was promoted, MB. */
  const contents = new Map<string, number>();
  const forgotten = new Set<string>();
  /** Of the store that took another one's place, once an alias says so. */
  let restoredEpoch: number | null = null;
  /** What each stamp was written with. */
  const targets = new Map<string, AliasTarget>();
  /** The newest token that a journal says has written each alias. */
  const claimed: Record<AliasName, number> = { live: 0, green: 0 };
  /** Model versions that each Lambda version has served to everybody. */
  const servedEverybody = new Map<string, Set<string>>();
  const fail = (law: Law, sentence: string): never => {
    throw new Violation(law, sentence);
  };

  /** The model version that a target gives to everybody, if there is one. */
  const onlyOne = (target: AliasTarget): string | undefined => {
    const [version, ...others] = Object.keys(world.shares(target));
    return others.length === 0 && Object.keys(target.weights).length === 0 ? version : undefined;
  };
  const noteServed = (target: AliasTarget): void => {
    const version = onlyOne(target);
    if (version === undefined) return;
    const known = servedEverybody.get(target.functionVersion) ?? new Set();
    servedEverybody.set(target.functionVersion, known.add(version));
  };

  /** Whether this rollout has sent smoke requests through that Lambda version, and all were answered. */
  const isTested = ({ entries }: Followed, functionVersion: string): boolean =>
    entries.some((entry) => {
      const intent = entry.kind === 'result' ? entries[entry.intent] : undefined;
      if (entry.kind !== 'result' || intent?.kind !== 'intent' || intent.effect.kind !== 'smoke')
        return false;
      return intent.effect.through === functionVersion && entry.outcome.kind === 'smoked';
    });

  /** A rollback brings users to a Lambda version that served them before, or that was smoke-tested for it. */
  function checkReturn(rollout: Followed, target: AliasTarget, stamp: Stamp, say: string): void {
    const { plan, entries } = rollout;
    const intent = entries[stamp.seq];
    const purpose =
      intent?.kind === 'intent' && intent.effect.kind === 'set-alias' ? intent.effect.purpose : undefined;
    const isReturn =
      stamp.seq === 0 || purpose === 'roll-back' || (plan.strategy === 'rollback' && purpose === 'promote');
    if (!isReturn) return;
    const version = onlyOne(target);
    if (version === undefined) fail('I15 rollback returns', `${say}, which is a split`);
    const has = servedEverybody.get(target.functionVersion)?.has(version ?? '') ?? false;
    if (!has && !isTested(rollout, target.functionVersion))
      fail('I15 rollback returns', `${say}, which never served ${version} before, nor was it smoke-tested`);
    world.saw(has ? 'returned to what served before' : 'rolled back to what was built');
  }

  /** What served a version is there: then a rollback to it builds nothing. */
  function checkBuilds({ strategy, challenger, builds }: Plan): void {
    if (strategy !== 'rollback' || builds === undefined || world.looksMayLag) return;
    const record = world.registry().find(({ version }) => version === challenger);
    const service = record === undefined ? undefined : servicesOf(record).at(-1);
    if (service === undefined || record?.tombstone?.endpoint === service.endpoint) return;
    if (world.wasThere(service)) fail('I15 rollback returns', `a rollback builds ${challenger} (${builds})`);
  }

  function written(write: { target: AliasTarget; stamp: Stamp }, before: AliasView, alias: AliasName): void {
    const { target, stamp } = write;
    const place = alias === 'live' ? '' : ` on ${alias}`;
    const say = `${stamp.rollout} token ${stamp.token} seq ${stamp.seq} wrote ${JSON.stringify(target)}${place}`;
    if (stamp.token < claimed[alias])
      fail('I3 one owner', `${say} after token ${claimed[alias]} said that it had fenced`);
    if (before.stamp !== undefined) {
      if (stamp.token < before.stamp.token)
        fail('I3 one owner', `${say} after token ${before.stamp.token} had fenced`);
      const [theirs, ours] = [before.stamp.detail?.writer, stamp.detail?.writer];
      const isSame = stamp.token === before.stamp.token;
      if (isSame && theirs === ours && stamp.seq < before.stamp.seq)
        fail('I3 one owner', `${say} after its own seq ${before.stamp.seq}`);
      // A person's rollback keeps the token. Whoever had it before writes no more.
      if (isSame && theirs !== ours && stamp.detail?.purpose !== 'blind')
        fail('I3 one owner', `${say} by ${ours} after ${theirs} had written under the same token`);
    }
    if (stamp.detail?.purpose === 'restored') {
      if (!sameTarget(target, before.target)) fail('I2 legal weights', `${say}, which moves users`);
      restoredEpoch = stamp.detail.store.epoch;
      // Of a split the side without a weight is the champion's: it has served users, and all that is known is the alias.
      noteServed({ functionVersion: target.functionVersion, weights: {} });
      world.saw('a store was restored');
      return;
    }
    checkRidesAlong(write, say);
    // An intent carried out twice is one carried out once.
    // A store that was restored may name a rollout as one did that it does not know: ids are counted here, and drawn outside.
    const key = `${stamp.detail?.store.epoch ?? 1} ${stamp.rollout} ${stamp.token} ${stamp.seq}`;
    const earlier = targets.get(key);
    const rollout = rollouts.get(stamp.rollout);
    const sent = rollout === undefined ? undefined : asSent(rollout, stamp);
    const intended = sent?.entries[stamp.seq];
    // A fence wants whatever is there.
    const isFence =
      intended?.kind === 'intent' &&
      intended.effect.kind === 'set-alias' &&
      intended.effect.purpose === 'fence';
    if (earlier !== undefined && stamp.seq > 0 && !isFence && !sameTarget(earlier, target))
      fail('I5 idempotence', `${say}, and ${JSON.stringify(earlier)} for the same intent before`);
    targets.set(key, target);
    if (restoredEpoch !== null && (stamp.detail?.store.epoch ?? 0) < restoredEpoch)
      fail('I3 one owner', `${say}, of a store whose place was taken`);
    // An owner's request that arrives after the store has forgotten its journal.
    if (rollout === undefined && forgotten.has(stamp.rollout)) return;
    if (rollout === undefined || sent === undefined)
      return fail('I4 journal before effect', `${say}, and has no journal`);
    if (servedEverybody.size === 0)
      for (const functionVersion of world.servedBefore) noteServed({ functionVersion, weights: {} });
    noteServed(before.target);
    const { plan } = rollout;
    if (stamp.detail?.purpose === 'blind') rollout.chosen.add(target.functionVersion);
    const given = world.shares(target);
    const had = world.shares(before.target);
    // Who tidies up brings an alias to what serves everybody by right, and has no journal.
    const champion = world.registry().find(({ status }) => status === 'champion')?.version;
    const isAtRest = champion !== undefined && given[champion] === 100;
    // A person may choose any version that has served; who repairs that keeps it, also while the journal can't be told.
    const isChosenBack =
      stamp.detail?.purpose === 'back' &&
      Object.keys(target.weights).length === 0 &&
      rollout.chosen.has(target.functionVersion);
    const isChosen =
      stamp.detail?.purpose === 'blind' || isChosenBack || keptBy(rollout) === target.functionVersion;
    for (const version of Object.keys(given))
      if (
        !isChosen &&
        version !== plan.champion &&
        version !== plan.challenger &&
        !isAtRest &&
        !sameTarget(target, before.target) &&
        !sameTarget(target, rollout.home)
      )
        fail('I2 legal weights', `${say}: ${version} is no part of the plan`);
    for (const { name, state } of world.endpointsOf(target))
      if (state !== 'in-service' && !sameTarget(target, rollout.home))
        fail('I7 always a way back', `${say}: endpoint ${name} is ${state}`);
    const share = given[plan.challenger] ?? 0;
    if (share === 100 && alias === 'live') rollout.promoteLanded = true;
    const isHome = sameTarget(target, rollout.home);
    // Blind, by the alias alone: what a rollback brings back is its challenger.
    const isBlind = stamp.seq === 0 && sameTarget(target, { functionVersion: stamp.back, weights: {} });
    const intent = sent.entries[stamp.seq];
    const meant =
      intent?.kind === 'intent' &&
      intent.effect.kind === 'set-alias' &&
      intent.effect.alias === alias &&
      intent.token === stamp.token &&
      sameTarget(intent.effect.target, target);
    const isChange = plan.strategy !== 'watch' && !sameTarget(target, before.target) && !isBlind && !isHome;
    // The way back waits for no store.
    if (isChange && !meant && !isAtRest && !isChosenBack)
      fail('I4 journal before effect', `${say} without that intent in the journal`);
    if (isChange && share > 0 && meant && keptBy(rollout) !== target.functionVersion) {
      if (rollout.wentHome.has(alias)) fail('I9 rollback wins', `${say} after the rollout had gone home`);
      const isLater =
        rollout.backSince !== null && stamp.token >= rollout.backSince && stamp.seq > rollout.backSeq;
      // Before its own way back has landed, what an owner had sent before may still arrive.
      if (isLater)
        fail('I9 rollback wins', `${say} after it was told to roll back (token ${rollout.backSince})`);
      // Where nobody could write the second alias an earlier owner's write may still come, and reaches no user.
      const isLeft = alias === 'green' && saysLeft(rollout) && !hasSwapped(rollout.entries);
      if (rollout.ended === 'rolled-back' && !isLeft)
        fail('I1 terminal stays terminal', `${say} after its end`);
      const status = world.registry().find(({ version }) => version === plan.challenger)?.status;
      if (status === 'rolled_back' && plan.strategy !== 'rollback' && !isLeft)
        fail('I1 terminal stays terminal', `${say}: the registry says ${plan.challenger} was rolled back`);
      checkShare(sent, alias, intent, say);
      checkWarmReturn(sent, say);
      checkApproved(sent, say);
      rollout.shares.set(alias, share);
    }
    // Also from where somebody moved the alias by hand; only a fence, and what comes before any share, leaves it as it was.
    const hasMoved = (had[plan.challenger] ?? 0) > 0 || rollout.shares.has(alias);
    const isOrdered = rollout.backSince !== null && stamp.token >= rollout.backSince;
    const isBack =
      (hasMoved && !sameTarget(target, before.target)) ||
      isOrdered ||
      (stamp.seq === 0 && plan.strategy !== 'rollback');
    // Who writes the repair of a person's choice may not be able to tell the journal of it first.
    const isKept = keptBy(rollout) === target.functionVersion;
    if (((isHome || isKept) && isBack) || isChosenBack) rollout.wentHome.add(alias);
    checkReturn(sent, target, stamp, say);
    if (alias === 'live') noteServed(target);
  }

  /** The rollout with the journal that has a write's intent: the store may have lost it since the write was sent. */
  const asSent = (rollout: Followed, { token, seq }: Stamp): Followed => {
    const hasIntent = (entries: readonly Entry[]): boolean =>
      entries[seq]?.kind === 'intent' && entries[seq].token === token;
    if (hasIntent(rollout.entries)) return rollout;
    const entries = rollout.lost.findLast(hasIntent);
    if (entries === undefined) return rollout;
    world.saw('a write whose intent the store lost');
    return { ...rollout, entries: [...entries] };
  };

  /** What a person's rollback without the store left serving, as the journal was told. */
  const keptBy = ({ entries }: Followed): string | undefined => {
    const repaired = entries.findLast((entry) => entry.kind === 'repaired');
    return repaired?.kind === 'repaired' ? repaired.keeps?.functionVersion : undefined;
  };

  const isHomeAgain = ({ shares, wentHome, entries }: Followed): boolean =>
    [...shares.keys()].every((alias) => wentHome.has(alias) || (alias === 'green' && !hasSwapped(entries)));

  /** Users come to the other alias only by a swap: where none was meant it may be given up, and said to be left. */
  const hasSwapped = (entries: readonly Entry[]): boolean =>
    entries.some((entry) => entry.kind === 'intent' && entry.effect.kind === 'swap-stage');

  const saysLeft = ({ entries }: Followed): boolean =>
    entries.some(
      (entry) =>
        (entry.kind === 'step-done' && entry.note.startsWith('left undone')) ||
        (entry.kind === 'ended' && entry.outcome.kind === 'rolled-back' && entry.outcome.left !== undefined),
    );

  const leftUndone = (): boolean => [...rollouts.values()].some(saysLeft);

  /** AWS locks nothing here, so a swap may come at any time; what it may never do is bring users to what was undone. */
  function swapped({ alias, stamp }: StageWrite, before: StageView): void {
    const say = `${stamp.rollout} token ${stamp.token} seq ${stamp.seq} made the stage name ${alias}`;
    const rollout = rollouts.get(stamp.rollout);
    if (rollout === undefined && forgotten.has(stamp.rollout)) return;
    if (rollout === undefined) return fail('I4 journal before effect', `${say}, and has no journal`);
    const reached = world.aliases()[alias === 'green' ? 1 : 0];
    if (reached !== undefined) noteServed(reached.target);
    const { plan } = rollout;
    const sent = asSent(rollout, stamp);
    const intent = sent.entries[stamp.seq];
    const meant =
      intent?.kind === 'intent' &&
      intent.effect.kind === 'swap-stage' &&
      intent.effect.to === alias &&
      intent.token === stamp.token;
    // Back to where it names at rest a rollback goes without the store, and who tidies up without a journal.
    if (!meant && alias !== plan.alias)
      fail('I4 journal before effect', `${say} without that intent in the journal`);
    const isLate = rollout.ended !== null || rollout.wentHome.size > 0;
    if (alias !== plan.alias && isLate) world.saw('late stage swap');
    if ((before.stamp?.token ?? 0) > stamp.token) world.saw('stage swapped by an older owner');
    if (before.alias !== alias) world.saw(`stage swapped to ${alias}`);
    const users = world.users();
    if ((users[plan.challenger] ?? 0) > 0) {
      const isBack = plan.strategy === 'blue-green' && rollout.shares.size > 0 && isHomeAgain(rollout);
      // A later rollout may have put the same version where the late swap leads.
      const isAnothers = [...rollouts.values()].some(
        (other) => other !== rollout && other.ended === null && other.plan.challenger === plan.challenger,
      );
      const isChampion = world
        .registry()
        .some(({ version, status }) => version === plan.challenger && status === 'champion');
      if (isBack && !isAnothers && !isChampion)
        fail('I9 rollback wins', `${say}, which brings users to ${plan.challenger} after it had gone home`);
      checkApproved(sent, say);
    }
    for (const { version, status } of leftUndone() ? [] : world.registry())
      if (status === 'rolled_back' && (users[version] ?? 0) > 0 && !isUnderWay(version))
        fail('I1 terminal stays terminal', `${say}, which brings users to ${version}, which was rolled back`);
  }

  /** A rollout to, or from, this version is not over. */
  const isUnderWay = (version: string): boolean =>
    [...rollouts.values()].some(
      ({ ended, plan }) => ended === null && (plan.challenger === version || plan.champion === version),
    );

  /** Only what nothing names any more: no alias, no way back, no champion; and its tombstone came first. */
  function deleted(endpoint: string): void {
    const records = world.registry();
    const wrong = (why: string): never =>
      fail('I6 nothing reachable is deleted', `endpoint ${endpoint} was deleted, ${why}`);
    for (const { target, stamp } of world.aliases()) {
      const reached = world.endpointsOf(target).map(({ name }) => name);
      if (reached.includes(endpoint)) wrong('which an alias reaches');
      if (stamp !== undefined && world.namedBy(stamp.back).includes(endpoint))
        wrong('to which a way back leads');
    }
    const champion = records.find(({ status }) => status === 'champion');
    if (champion?.endpoint?.name === endpoint) wrong("which is the champion's");
    if (!records.some(({ tombstone }) => tombstone?.endpoint === endpoint)) wrong('without a tombstone');
    world.saw('an endpoint was retired');
  }

  /** No alias or marker names it, no record, known-good ones included, and no journal of a rollout that is not over. */
  function deletedVersion(functionVersion: string): void {
    const wrong = (why: string): never =>
      fail('I17 nothing referred to is deleted', `Lambda version ${functionVersion} was deleted, ${why}`);
    for (const { target, stamp } of world.aliases()) {
      if (target.functionVersion === functionVersion || functionVersion in target.weights)
        wrong('which an alias serves');
      if (stamp?.back === functionVersion || stamp?.detail?.target === functionVersion)
        wrong('which a marker names');
    }
    for (const record of world.registry()) {
      const named = [record, ...(record.services ?? [])].map((one) => one.functionVersion);
      if (named.includes(functionVersion)) wrong(`which served ${record.version}`);
    }
    for (const { ended, home, plan, entries } of rollouts.values()) {
      if (ended !== null && ended !== 'stuck') continue;
      const made = entries.flatMap((entry) =>
        entry.kind === 'result' && entry.outcome.kind === 'published' ? [entry.outcome.functionVersion] : [],
      );
      if ([home.functionVersion, plan.returnsTo?.functionVersion, ...made].includes(functionVersion))
        wrong('which a rollout that is not over may need');
    }
    world.saw('a Lambda version was deleted');
  }

  function checkShare(
    { plan, entries, shares }: Followed,
    alias: AliasName,
    intent: Entry | undefined,
    say: string,
  ): void {
    const effect = intent?.kind === 'intent' && intent.effect.kind === 'set-alias' ? intent.effect : null;
    if (effect?.route?.kind === 'single') {
      const index = plan.steps.findIndex((step) =>
        effect.purpose === 'promote'
          ? step.kind === 'promote'
          : step.kind === 'route' && step.alias === alias,
      );
      const done = new Set(entries.map((entry) => (entry.kind === 'step-done' ? entry.step : -1)));
      if (index === -1) fail('I2 legal weights', `${say}: ${plan.challenger} was never to serve alone`);
      for (let step = 0; step < index; step++)
        if (!done.has(step)) fail('I2 legal weights', `${say}: promoted with step ${step} not done`);
      return;
    }
    const share = effect?.route?.kind === 'split' ? effect.route.percent : 0;
    const planned = plan.steps.some(
      (step) => step.kind === 'route' && step.route.kind === 'split' && step.route.percent === share,
    );
    const asked = entries.some(
      (entry) =>
        entry.kind === 'request' &&
        entry.accepted &&
        entry.request.kind === 'traffic' &&
        entry.request.percent === share,
    );
    // Behind the swap everybody is with the challenger already.
    const most = alias === 'live' ? approvedPercent(plan) : 100;
    if (!(planned || asked) || share > most) fail('I2 legal weights', `${say}: ${share} % was never planned`);
    // Down is always allowed, by a person; a plan only climbs.
    const before = shares.get(alias) ?? 0;
    if (share < before && !asked) fail('I2 legal weights', `${say}: from ${before} % down to ${share} %`);
  }

  /** This very plan, by as many people as were needed, other than whoever began it, before anybody was reached. */
  function checkApproved({ plan, entries }: Followed, say: string): void {
    const needed = plan.steps.reduce((sum, step) => sum + (step.kind === 'approve' ? step.needed : 0), 0);
    const [first] = entries;
    const starter = first?.kind === 'started' ? first.by.name : '';
    const given = entries.flatMap((entry) =>
      entry.kind === 'request' && entry.accepted && entry.request.kind === 'approve' ? [entry.request] : [],
    );
    const hash = first?.kind === 'started' ? first.planHash : undefined;
    const others = given.find((request) => request.planHash !== hash);
    if (others !== undefined) fail('I10 approval binding', `${say}, approved as plan ${others.planHash}`);
    const people = new Set(given.map(({ by }) => by));
    if (people.has(starter) || people.size < needed)
      fail(
        'I10 approval binding',
        `${say}, approved by ${[...people].join(', ') || 'nobody'}; needed ${needed}`,
      );
  }

  function appended(id: string, entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.kind === 'started') {
        checkBuilds(entry.plan);
        rollouts.set(id, {
          plan: entry.plan,
          home: entry.home,
          entries: [entry],
          lost: [],
          chosen: new Set(),
          backSince: null,
          backSeq: 0,
          wentHome: new Set(),
          shares: new Map(),
          promoteLanded: false,
          ended: null,
        });
        continue;
      }
      const rollout = rollouts.get(id);
      if (rollout === undefined) return fail('no surprise', `journal of ${id} without a beginning`);
      if (entry.kind === 'intent' && entry.effect.kind === 'warm-up') checkWarmUp(id, rollout, entry);
      if (entry.kind === 'step-done') checkStepDone(rollout, entry, entries);
      if (entry.kind === 'result') checkPublished(rollout, entry);
      rollout.entries.push(entry);
      if (entry.kind === 'request' && entry.accepted && entry.request.kind === 'promote') forced = true;
      if (entry.kind === 'verdict' && entry.action === heldFor) world.saw('a breach was held for');
      note(id, rollout, entry);
    }
    const champions = world.registry().filter(({ status }) => status === 'champion');
    if (champions.length > 1 || (champions.length === 0 && !world.isFirst))
      fail('one champion', `${champions.map(({ version }) => version).join(', ') || 'none'} after ${id}`);
  }

  /** Users who suffer wait for no warm-up, and those who don't wait for a bounded one. */
  function checkWarmUp(id: string, { plan, entries }: Followed, intent: Entry): void {
    const law: Law = 'I19 warm where nobody suffers';
    // What nobody could answer from is built, tested and warm before anybody is moved to it.
    if (entries.some((entry) => entry.kind === 'rolling-back' && entry.lost === undefined))
      fail(law, `${id} warms up on its way back`);
    if (entries.some(({ kind }) => kind === 'rolling-back')) return;
    if (plan.strategy !== 'rollback' || plan.builds !== undefined || plan.republishes !== undefined) return;
    const step = plan.steps.find(({ kind }) => kind === 'warm-up');
    const withinMs = step?.kind === 'warm-up' ? step.withinMs : undefined;
    if (withinMs === undefined) return fail(law, `${id} warms up while users suffer`);
    const begun = entries.findLast(({ kind }) => kind === 'step-done') ?? entries[0];
    const waited = intent.at - (begun?.at ?? intent.at);
    if (waited > withinMs) fail(law, `${id} warms up ${waited} ms after its step began`);
    world.saw('a rollback waits for warm');
  }

  /** A rollback of somebody who does not suffer has tried to warm what it returns to. */
  function checkWarmReturn({ plan, entries }: Followed, say: string): void {
    const step = plan.steps.findIndex((each) => each.kind === 'warm-up' && each.withinMs !== undefined);
    if (plan.strategy !== 'rollback' || step < 0) return;
    const ended = entries.find((entry) => entry.kind === 'step-done' && entry.step === step);
    if (ended?.kind !== 'step-done')
      return fail('I19 warm where nobody suffers', `${say} before its warm-up ended`);
    world.saw(ended.note.startsWith('it may be cold') ? 'a rollback gave up on warm' : 'returned warm');
  }

  /** Users get what the plan says, and of $LATEST nothing else. */
  function checkRidesAlong({ target, stamp }: { target: AliasTarget; stamp: Stamp }, say: string): void {
    const { plan, home, entries } = rollouts.get(stamp.rollout) ?? {};
    if (plan?.mayDiffer === undefined || home === undefined || entries === undefined) return;
    const made = entries.flatMap((entry) =>
      entry.kind === 'result' && entry.outcome.kind === 'published' ? [entry.outcome.functionVersion] : [],
    );
    for (const version of [target.functionVersion, ...Object.keys(target.weights)]) {
      if (!made.includes(version)) continue;
      const unplanned = world
        .differences(version, home.functionVersion)
        .filter((difference) => !plan.mayDiffer?.includes(difference));
      if (unplanned.length > 0)
        fail('I18 nothing rides along', `${say}, with another ${unplanned.join(', ')} than was planned`);
    }
  }

  /** A generation is one content for ever, and the one that its plan says. */
  function checkServing(id: string, { plan, entries: [first] }: Followed): void {
    const name = first?.kind === 'started' ? first.endpoints[plan.challenger]?.name : undefined;
    const memoryMb = name === undefined ? undefined : world.memoryOf(name);
    if (memoryMb === undefined) return;
    const before = contents.get(plan.challenger) ?? memoryMb;
    contents.set(plan.challenger, memoryMb);
    const say = `${id} promoted ${plan.challenger}, whose endpoint has ${memoryMb} MB`;
    if (before !== memoryMb) fail('I16 served as planned', `${say}, and had ${before} MB`);
    if (plan.serving !== undefined && plan.serving.memoryMb !== memoryMb)
      fail('I16 served as planned', `${say}, planned were ${plan.serving.memoryMb} MB`);
    const others = world.registry().filter(({ endpoint }) => endpoint?.name === name);
    if (others.length > 1)
      fail(
        'I16 served as planned',
        `${say}, which ${others.map(({ version }) => version).join(' and ')} have`,
      );
    if (armOf(plan.challenger).generation > 1) world.saw('a later generation was promoted');
  }

  function note(id: string, rollout: Followed, entry: Entry): void {
    switch (entry.kind) {
      case 'owned':
        if (rollout.ended !== null) world.saw(`taken up after ${rollout.ended}`);
        if (rollout.ended === 'stuck') rollout.ended = null;
        return;
      case 'result':
        noteResult(rollout, entry);
        return;
      case 'rolling-back': {
        if (rollout.backSince !== null && entry.cause.kind === 'abort') world.saw('rollback during rollback');
        if (rollout.backSince === null) rollout.backSeq = entry.seq;
        rollout.backSince ??= entry.token;
        const last = rollout.entries.findLast((other) => other.kind === 'intent');
        if (last?.kind === 'intent' && last.effect.kind === 'set-alias' && last.effect.purpose === 'promote')
          world.saw('rollback during promote');
        world.saw(`rolled back by ${entry.cause.kind}`);
        return;
      }
      case 'step-done':
        if (entry.returns === true) world.saw('rollback used the recorded version after all');
        break;
      case 'labelled':
        if (entry.as === 'promoted') {
          if (!rollout.promoteLanded)
            fail('I4 effect before label', `${id}: registry says promoted, the alias never did`);
          checkServing(id, rollout);
          return;
        }
        if (entry.as === 'rolled-back' && !isHomeAgain(rollout) && rollout.plan.strategy !== 'watch')
          fail('I4 effect before label', `${id}: registry says rolled back, the alias never was`);
        return;
      case 'repaired':
        world.saw('blind rollback adopted');
        return;
      case 'request':
        world.saw(`request ${entry.request.kind} ${entry.accepted ? 'accepted' : 'refused'}`);
        return;
      case 'held':
        world.saw('held');
        return;
      case 'ended':
        rollout.ended = entry.outcome.kind;
        world.saw(`${rollout.plan.strategy} ${entry.outcome.kind}`);
        return;
      default:
    }
  }

  function noteResult({ entries }: Followed, { intent, outcome }: Extract<Entry, { kind: 'result' }>): void {
    const meant = entries[intent];
    if (outcome.kind !== 'alias' || meant?.kind !== 'intent' || meant.effect.kind !== 'set-alias') return;
    const alias = meant.effect.alias === 'green' ? 'green' : 'live';
    claimed[alias] = Math.max(claimed[alias], outcome.stamp.token);
  }

  /** A published version gives what its route says, and nothing else. */
  function checkPublished(
    { entries }: Followed,
    { intent, outcome }: Extract<Entry, { kind: 'result' }>,
  ): void {
    const meant = entries[intent];
    if (outcome.kind !== 'published' || meant?.kind !== 'intent' || meant.effect.kind !== 'publish') return;
    const { functionVersion } = outcome;
    const { route } = meant.effect;
    const given = world.shares({ functionVersion, weights: {} });
    const [version, share] =
      route.kind === 'single'
        ? [route.version, 100]
        : [route.challenger, route.kind === 'split' ? route.percent : 0];
    if ((given[version] ?? 0) !== share)
      fail(
        'I2 legal weights',
        `version ${functionVersion} was published for ${JSON.stringify(route)} and gives ${JSON.stringify(given)}`,
      );
  }

  /** A bake ends on data of both arms, or by a person. */
  function checkStepDone(
    { plan, entries }: Followed,
    done: Extract<Entry, { kind: 'step-done' }>,
    together: readonly Entry[],
  ): void {
    const step = plan.steps[done.step];
    if (step?.kind !== 'bake' || plan.strategy === 'watch') return;
    if (!together.some((entry) => entry.kind === 'verdict')) {
      const asked = entries.some(
        (entry) =>
          entry.kind === 'request' &&
          entry.accepted &&
          (entry.request.kind === 'promote' || entry.request.kind === 'traffic'),
      );
      if (!asked)
        fail('I8 no promotion on absence', `bake ${done.step} ended without a verdict: ${done.note}`);
      return;
    }
    // By the journal's order and each tick's own share: whose clock was set writes entries of any time.
    const { began, share } = presentShare(plan, entries);
    let champion = 0;
    let challenger = 0;
    for (const entry of began < 0 ? [] : entries.slice(began)) {
      if (entry.kind !== 'observed') continue;
      for (const tick of entry.observations) {
        if (tick.plannedPercent !== share) continue;
        champion += tick.champion?.requests ?? 0;
        challenger += tick.challenger?.requests ?? 0;
      }
    }
    if (challenger === 0 || (share < 100 && champion === 0))
      fail(
        'I8 no promotion on absence',
        `bake ${done.step} ended with ${champion} and ${challenger} requests seen: ${done.note}`,
      );
    if (entries.some((entry) => entry.kind === 'held') || together.some((entry) => entry.kind === 'held'))
      world.saw('held, then data');
  }

  /** Where in the journal users came to what they get now, whoever found it out, and the challenger's share of it. */
  function presentShare(
    plan: Plan,
    entries: readonly Entry[],
  ): { readonly began: number; readonly share: number } {
    const served: Record<string, AliasTarget> = {};
    let serving = plan.alias;
    let began = -1;
    for (const [index, entry] of entries.entries()) {
      const intent = entry.kind === 'result' ? entries[entry.intent] : undefined;
      if (entry.kind !== 'result' || intent?.kind !== 'intent') continue;
      if (entry.outcome.kind === 'stage') {
        serving = entry.outcome.alias;
        began = index;
      }
      if (entry.outcome.kind !== 'alias' || intent.effect.kind !== 'set-alias') continue;
      const { alias } = intent.effect;
      const before = served[alias];
      const { target } = entry.outcome;
      served[alias] = target;
      if (alias === serving && (before === undefined || !sameTarget(before, target))) began = index;
    }
    // In shadow each request that is copied is answered by both.
    if (plan.strategy === 'shadow') return { began, share: 50 };
    const target = served[serving];
    return { began, share: target === undefined ? 0 : (world.shares(target)[plan.challenger] ?? 0) };
  }

  return {
    written,
    swapped,
    deleted,
    deletedVersion,
    appended,
    forget: (lengths) => {
      for (const [id, rollout] of rollouts) {
        const length = lengths.get(id) ?? 0;
        if (length < rollout.entries.length) {
          forgotten.add(id);
          rollout.lost.push([...rollout.entries]);
        }
        rollout.entries.length = length;
        // Nor does the alias tell of an end that came without a write: who was refused each write may end so.
        const token = rollout.entries.at(-1)?.token ?? 0;
        const isTold = world.aliases().some(({ stamp }) => stamp?.rollout === id && stamp.token > token);
        if (!isTold && rollout.entries.at(-1)?.kind !== 'ended') rollout.ended = null;
        // Where nothing on the alias says that somebody went back, nobody can know it any more.
        if (!rollout.entries.some(({ kind }) => kind === 'rolling-back')) {
          rollout.wentHome.clear();
          rollout.backSince = null;
        }
        if (length === 0) rollouts.delete(id);
      }
    },
    wiped: () => {
      claimed.live = 0;
    },
    leftUndone,
    journals: () => new Map([...rollouts].map(([id, { entries }]) => [id, entries])),
    everForced: () => forced,
  };
}
