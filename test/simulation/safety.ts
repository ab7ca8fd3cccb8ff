import type { Entry, Stamp } from '../../src/domain/journal.ts';
import { approvedPercent, type Plan } from '../../src/domain/plan.ts';
import { type AliasTarget, sameTarget } from '../../src/domain/route.ts';
import type { VersionRecord } from '../../src/domain/registry.ts';
import type { AliasView, EndpointState } from '../../src/ports/platform.ts';

export type Law =
  | 'I1 terminal stays terminal'
  | 'I2 legal weights'
  | 'I3 one owner'
  | 'I4 journal before effect'
  | 'I4 effect before label'
  | 'I5 idempotence'
  | 'I7 always a way back'
  | 'I8 no promotion on absence'
  | 'I9 rollback wins'
  | 'I10 approval binding'
  | 'I14 bounded'
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
  saw(situation: string): void;
}

export interface Safety {
  /** After a write of mlreg's on the alias. */
  written(write: { readonly target: AliasTarget; readonly stamp: Stamp }, before: AliasView): void;
  /** After entries were committed. */
  appended(rollout: string, entries: readonly Entry[]): void;
  journals(): ReadonlyMap<string, readonly Entry[]>;
  /** A person pushed this rollout on with `promote`. */
  forced(rollout: string): boolean;
}

interface Followed {
  readonly plan: Plan;
  readonly home: AliasTarget;
  readonly entries: Entry[];
  /** Under this token, or a newer one, nothing gives the challenger traffic any more. */
  backSince: number | null;
  /** Where in the journal it was told to. */
  backSeq: number;
  wentHome: boolean;
  /** It has given the challenger traffic. */
  moved: boolean;
  /** The largest share that it has given the challenger, and the newest one. */
  most: number;
  share: number;
  promoteLanded: boolean;
  /** The last `ended`, unless somebody has taken the rollout up since. */
  ended: 'succeeded' | 'rolled-back' | 'stuck' | null;
}

/** The laws, checked after every effect, on what really happened and not on what the engine believes. */
export function watchSafety(world: Watched): Safety {
  const rollouts = new Map<string, Followed>();
  /** What each stamp was written with. */
  const targets = new Map<string, AliasTarget>();
  /** The newest token that a journal says has written the alias. */
  let claimed = 0;
  const fail = (law: Law, sentence: string): never => {
    throw new Violation(law, sentence);
  };

  function written(write: { target: AliasTarget; stamp: Stamp }, before: AliasView): void {
    const { target, stamp } = write;
    const say = `${stamp.rollout} token ${stamp.token} seq ${stamp.seq} wrote ${JSON.stringify(target)}`;
    if (stamp.token < claimed) fail('I3 one owner', `${say} after token ${claimed} said that it had fenced`);
    if (before.stamp !== undefined) {
      if (stamp.token < before.stamp.token)
        fail('I3 one owner', `${say} after token ${before.stamp.token} had fenced`);
      if (stamp.token === before.stamp.token && stamp.seq < before.stamp.seq)
        fail('I3 one owner', `${say} after its own seq ${before.stamp.seq}`);
    }
    // An intent carried out twice is one carried out once.
    const key = `${stamp.rollout} ${stamp.token} ${stamp.seq}`;
    const earlier = targets.get(key);
    const intended = rollouts.get(stamp.rollout)?.entries[stamp.seq];
    // A fence wants whatever is there.
    const isFence =
      intended?.kind === 'intent' &&
      intended.effect.kind === 'set-alias' &&
      intended.effect.purpose === 'fence';
    if (earlier !== undefined && stamp.seq > 0 && !isFence && !sameTarget(earlier, target))
      fail('I5 idempotence', `${say}, and ${JSON.stringify(earlier)} for the same intent before`);
    targets.set(key, target);
    const rollout = rollouts.get(stamp.rollout);
    if (rollout === undefined) return fail('I4 journal before effect', `${say}, and has no journal`);
    const { plan } = rollout;
    const given = world.shares(target);
    const had = world.shares(before.target);
    for (const version of Object.keys(given))
      if (
        version !== plan.champion &&
        version !== plan.challenger &&
        !sameTarget(target, before.target) &&
        !sameTarget(target, rollout.home)
      )
        fail('I2 legal weights', `${say}: ${version} is no part of the plan`);
    for (const { name, state } of world.endpointsOf(target))
      if (state !== 'in-service' && !sameTarget(target, rollout.home))
        fail('I7 always a way back', `${say}: endpoint ${name} is ${state}`);
    const share = given[plan.challenger] ?? 0;
    if (share === 100) rollout.promoteLanded = true;
    const isHome = sameTarget(target, rollout.home);
    // Blind, by the alias alone: what a rollback brings back is its challenger.
    const isBlind = stamp.seq === 0 && target.functionVersion === before.stamp?.back;
    if (plan.strategy !== 'watch' && share > 0 && !sameTarget(target, before.target) && !isBlind && !isHome) {
      const intent = rollout.entries[stamp.seq];
      const meant =
        intent?.kind === 'intent' &&
        intent.effect.kind === 'set-alias' &&
        intent.token === stamp.token &&
        sameTarget(intent.effect.target, target);
      if (!meant) fail('I4 journal before effect', `${say} without that intent in the journal`);
      if (rollout.wentHome) fail('I9 rollback wins', `${say} after the rollout had gone home`);
      const isLater =
        rollout.backSince !== null && stamp.token >= rollout.backSince && stamp.seq > rollout.backSeq;
      // Before its own way back has landed, what an owner had sent before may still arrive.
      if (isLater)
        fail('I9 rollback wins', `${say} after it was told to roll back (token ${rollout.backSince})`);
      if (rollout.ended === 'rolled-back') fail('I1 terminal stays terminal', `${say} after its end`);
      const status = world.registry().find(({ version }) => version === plan.challenger)?.status;
      if (status === 'rolled_back' && plan.strategy !== 'rollback')
        fail('I1 terminal stays terminal', `${say}: the registry says ${plan.challenger} was rolled back`);
      checkShare(rollout, share, say);
      checkApproved(rollout, say);
      rollout.moved = true;
      rollout.most = Math.max(rollout.most, share);
      rollout.share = share;
    }
    // Also from where somebody moved the alias by hand; only a fence, and what comes before any share, leaves it as it was.
    if (isHome && ((had[plan.challenger] ?? 0) > 0 || rollout.moved) && !sameTarget(target, before.target))
      rollout.wentHome = true;
    if (isHome && rollout.backSince !== null && stamp.token >= rollout.backSince) rollout.wentHome = true;
    if (isHome && stamp.seq === 0 && plan.strategy !== 'rollback') rollout.wentHome = true;
  }

  function checkShare({ plan, entries, share: before }: Followed, share: number, say: string): void {
    if (share === 100) {
      const promote = plan.steps.findIndex(({ kind }) => kind === 'promote');
      const done = new Set(entries.map((entry) => (entry.kind === 'step-done' ? entry.step : -1)));
      for (let step = 0; step < promote; step++)
        if (!done.has(step)) fail('I2 legal weights', `${say}: promoted with step ${step} not done`);
      return;
    }
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
    if (!(planned || asked) || share > approvedPercent(plan))
      fail('I2 legal weights', `${say}: ${share} % was never planned`);
    // Down is always allowed, by a person; a plan only climbs.
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
        rollouts.set(id, {
          plan: entry.plan,
          home: entry.home,
          entries: [entry],
          backSince: null,
          backSeq: 0,
          wentHome: false,
          moved: false,
          most: 0,
          share: 0,
          promoteLanded: false,
          ended: null,
        });
        continue;
      }
      const rollout = rollouts.get(id);
      if (rollout === undefined) return fail('no surprise', `journal of ${id} without a beginning`);
      if (entry.kind === 'step-done') checkStepDone(rollout, entry, entries);
      rollout.entries.push(entry);
      note(id, rollout, entry);
    }
    const champions = world.registry().filter(({ status }) => status === 'champion');
    if (champions.length !== 1)
      fail('one champion', `${champions.map(({ version }) => version).join(', ') || 'none'} after ${id}`);
  }

  function note(id: string, rollout: Followed, entry: Entry): void {
    switch (entry.kind) {
      case 'owned':
        if (rollout.ended !== null) world.saw(`taken up after ${rollout.ended}`);
        if (rollout.ended === 'stuck') rollout.ended = null;
        return;
      case 'result':
        if (entry.outcome.kind === 'alias') claimed = Math.max(claimed, entry.outcome.stamp.token);
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
      case 'labelled':
        if (entry.as === 'promoted') {
          if (!rollout.promoteLanded)
            fail('I4 effect before label', `${id}: registry says promoted, the alias never did`);
          return;
        }
        if (rollout.moved && !rollout.wentHome && rollout.plan.strategy !== 'watch')
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
    const began = entries.findLastIndex((entry) => {
      const intent = entry.kind === 'result' ? entries[entry.intent] : undefined;
      return (
        intent?.kind === 'intent' && intent.effect.kind === 'set-alias' && intent.effect.purpose === 'route'
      );
    });
    const share = shareSetBy(entries[began], entries) ?? step.percent;
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
    if (challenger === 0 || (step.percent < 100 && champion === 0))
      fail(
        'I8 no promotion on absence',
        `bake ${done.step} ended with ${champion} and ${challenger} requests seen: ${done.note}`,
      );
    if (entries.some((entry) => entry.kind === 'held') || together.some((entry) => entry.kind === 'held'))
      world.saw('held, then data');
  }

  function shareSetBy(result: Entry | undefined, entries: readonly Entry[]): number | undefined {
    const intent = result?.kind === 'result' ? entries[result.intent] : undefined;
    const route =
      intent?.kind === 'intent' && intent.effect.kind === 'set-alias' ? intent.effect.route : null;
    return route?.kind === 'split' ? route.percent : undefined;
  }

  return {
    written,
    appended,
    journals: () => new Map([...rollouts].map(([id, { entries }]) => [id, entries])),
    forced: (id) =>
      rollouts
        .get(id)
        ?.entries.some(
          (entry) => entry.kind === 'request' && entry.accepted && entry.request.kind === 'promote',
        ) ?? false,
  };
}
