import { armOf } from '../../src/domain/arm.ts';
import type { AliasTarget } from '../../src/domain/route.ts';
import { rolloutId, type VersionTag } from '../../src/domain/units.ts';
import { endpointsOf } from './aws-model.ts';
import { checkBreachEnded } from './breach.ts';
import { replay } from '../../src/engine/fold-journal.ts';
import type { Programs } from './programs.ts';
import { Violation } from './safety.ts';
import type { Story } from './story.ts';
import {
  endpointName,
  epoch,
  foreignEndpoint,
  nobody,
  registerAgain,
  v22,
  v23,
  v24,
  v25,
} from './versions.ts';
import { type Machine, type SimWorld, usersOf } from './world.ts';

/**
 * What one resume may take with all well: provisioning 15 s, three bakes of 7 s that are extended by 3 s and held for 15 s,
 * a promotion, and the pauses between.
 */
const mostMs = 150_000;
const clocksDifferMs = 5_000;

/** Faults off, everybody dead; then one person types `mlreg resume`, and all must be well. */
export async function recover(world: SimWorld, program: Programs, story: Story): Promise<void> {
  const { scheduler } = world;
  world.heal();
  world.killAll();
  if (story.loses !== undefined && world.level.loseStore !== undefined) {
    await loseStore(world, program, story.loses, story.manner.green === true);
    if (world.violation() !== null) return;
  }
  // What dead processes had sent may arrive while the first one works; once all has, one resume must do.
  const hasten = story.waits ? 1 : 2;
  for (let tries = 0; tries < hasten && world.violation() === null; tries++) {
    if (tries === hasten - 1) await scheduler.run(scheduler.now() + 100_000, 60_000);
    const began = scheduler.now();
    // By more than clocks may differ no journal that is dated ahead makes anybody wait.
    const written = [...world.safety.journals().values()].flat().map(({ at }) => at);
    const lead = Math.min(clocksDifferMs, Math.max(0, ...written.map((at) => at - epoch - began)));
    let ended = began;
    const process = world.spawn(`resume-${tries}`, 'resume', async (machine) => {
      await program.resume(machine, false);
      ended = scheduler.now();
    });
    // A request of the dead may yet take the lock.
    if (tries === hasten - 1)
      for (const at of [22_000, 64_000])
        scheduler.at(began + lead + at, () => checkBreachEnded(world, story, began + lead));
    const outcome = await scheduler.run(scheduler.now() + 3_600_000, 60_000);
    if (world.violation() !== null) return;
    if (outcome === 'endless' || !process.done)
      return world.fail(new Violation('L2 crash ends', `resume goes on and on (${outcome})`));
    if (ended - began > mostMs + lead)
      return world.fail(new Violation('L3 stuck ends', `resume took ${(ended - began) / 1_000} s`));
  }
  if (world.violation() === null) await judge(world, story, program);
}

/** The store is not what the alias knows, and one person types `mlreg recover`, maybe twice. */
async function loseStore(
  world: SimWorld,
  program: Programs,
  { kind, killAfterMs, wipes, another, restores }: NonNullable<Story['loses']>,
  hasGreen: boolean,
): Promise<void> {
  const { aws, level, scheduler, store } = world;
  // Without a marker nobody can tell that the store was lost.
  if (aws.alias().stamp === undefined || level.loseStore === undefined) return;
  if (restores === true && kind === 'older') return restoreBackup(world, program, killAfterMs, hasGreen);
  world.safety.forget(level.loseStore(kind));
  world.saw(`the store was ${kind}`);
  if (kind === 'lost' && wipes === true) await wipeMarker(world, program);
  if (world.violation() !== null) return;
  const found = aws.alias().target;
  const first = world.spawn('recover-0', 'recover', (machine) => program.recover(machine));
  if (killAfterMs !== null) scheduler.at(scheduler.now() + killAfterMs, () => scheduler.kill(first));
  await scheduler.run(scheduler.now() + 60_000, 60_000);
  const isCutOff = (await store.lock()).restoring === true;
  if (another === true && isCutOff) await useAnother(world, program, kind);
  else await recoverThrice(world, program, 'recover');
  await settleRecovered(world, program, found);
}

/** A registry that was rebuilt has a champion, and users are brought there where they are not with it. */
async function settleRecovered(world: SimWorld, program: Programs, found: AliasTarget): Promise<void> {
  const { aws, scheduler, store } = world;
  if (world.violation() !== null) return;
  const { restoring } = await store.lock();
  if (restoring === true) return world.fail(new Violation('L2 crash ends', 'mlreg recover goes on and on'));
  const versions = await store.versions();
  const champion = versions.find(({ status }) => status === 'champion');
  if (champion === undefined) return world.fail(new Violation('L2 crash ends', 'no champion was recovered'));
  for (const version of [v24, v25])
    if (!versions.some((one) => one.version === version)) await registerAgain(store, version);
  const asked = endpointsOf(aws.variables(aws.alias().target.functionVersion));
  // A split, or a shadow: recover moves nobody, and says how to end it.
  // Also one that nobody gets, because the stage names the other alias.
  const isSplit = Object.keys(aws.alias().target.weights).length > 0;
  if (usersOf(aws)[champion.version] === 100 && asked.length === 1 && !isSplit) return;
  world.saw('a split was recovered');
  if (JSON.stringify(found) === JSON.stringify(aws.alias().target)) world.saw('recovering moved nobody');
  world.spawn('back', 'rollback --to', (machine) => program.rollback(machine, champion.version));
  await scheduler.run(scheduler.now() + 100_000, 60_000);
}

/**
 * A backup from an earlier moment is restored elsewhere, while the store that it was made of lives on. Restoring moves nobody;
 * until it is done its store moves nobody either, and from then on the old one doesn't, which seals itself.
 */
async function restoreBackup(
  world: SimWorld,
  program: Programs,
  killAfterMs: number | null,
  hasGreen: boolean,
): Promise<void> {
  const { aws, level, scheduler, store } = world;
  const { loseStore, keepStore, importStore } = level;
  if (loseStore === undefined || keepStore === undefined || importStore === undefined) return;
  // What the dead had sent has come in.
  await scheduler.run(scheduler.now() + 100_000, 60_000);
  const found = aws.alias().target;
  const reached = (): string =>
    JSON.stringify([aws.alias().target, aws.stage?.().alias, aws.alias('green').target]);
  const markers = (): string => JSON.stringify([aws.alias(), aws.stage?.(), aws.alias('green')]);
  const before = reached();
  const useOld = keepStore();
  world.safety.forget(loseStore('older'));
  importStore();
  const first = world.spawn('restore-0', 'restore', (machine) => program.restore(machine));
  if (killAfterMs !== null) scheduler.at(scheduler.now() + killAfterMs, () => scheduler.kill(first));
  await scheduler.run(scheduler.now() + 60_000, 60_000);
  if ((await store.lock()).restoring === true) {
    const half = markers();
    await useInVain(world, program, 'half');
    if (world.violation() === null && markers() !== half)
      world.fail(new Violation('I3 one owner', 'a store that is not restored yet moved an alias'));
  }
  for (let tries = 1; tries <= 3 && world.violation() === null; tries++) {
    world.spawn(`restore-${tries}`, 'restore', (machine) => program.restore(machine, tries > 1));
    await scheduler.run(scheduler.now() + 60_000, 60_000);
  }
  if (world.violation() !== null || (await store.lock()).restoring === true)
    return settleRecovered(world, program, found);
  world.saw('a backup was restored');
  if (reached() !== before) return world.fail(new Violation('I3 one owner', 'a restore moved users'));
  const { store: identity, token } = await store.lock();
  for (const name of hasGreen ? (['live', 'green'] as const) : (['live'] as const)) {
    const { stamp } = aws.alias(name);
    const isMarked =
      stamp?.detail?.store.id === identity?.id && stamp?.detail?.store.epoch === identity?.epoch;
    if (!isMarked || stamp === undefined || stamp.token > token)
      return world.fail(new Violation('I3 one owner', `a restore left ${name} with another store's marker`));
  }
  const useNew = keepStore();
  const after = markers();
  useOld();
  await useInVain(world, program, 'old');
  if (world.violation() !== null) return;
  if (markers() !== after)
    return world.fail(
      new Violation('I3 one owner', 'a store moved an alias after another one took its place'),
    );
  if ((await store.lock()).sealedBy?.id === identity?.id)
    world.saw('the store that was replaced sealed itself');
  useNew();
  await settleRecovered(world, program, found);
}

/** Commands in a store that may move nobody. */
async function useInVain(world: SimWorld, program: Programs, name: string): Promise<void> {
  type Command = readonly [string, (machine: Machine) => Promise<unknown>];
  const recoverIt: Command = ['recover', (machine) => program.recover(machine)];
  const commands: readonly Command[] = [
    ['resume', (machine) => program.resume(machine, false)],
    ['deploy', (machine) => program.deploy(machine, v25)],
    ['gc', (machine) => program.gc(machine)],
    ['controller', (machine) => program.controller(machine)],
    ...(name === 'old' ? [recoverIt] : []),
  ];
  for (const [command, run] of commands) {
    world.spawn(`${command}-${name}`, command, async (machine) => void (await run(machine)));
    await world.scheduler.run(world.scheduler.now() + 60_000, 60_000);
    world.killAll();
  }
}

/**
 * Requests of the dead may have come in between, and a person looks again. Who is told that another store has the aliases
 * knows that it is gone, and says so.
 */
async function recoverThrice(world: SimWorld, program: Programs, name: string): Promise<void> {
  for (let tries = 1; tries <= 3 && world.violation() === null; tries++) {
    world.spawn(`${name}-${tries}`, 'recover', (machine) => program.recover(machine, tries > 1));
    await world.scheduler.run(world.scheduler.now() + 60_000, 60_000);
  }
}

/**
 * Recovering the store was cut off, another one was recovered in its place and is in use, and then people type commands where
 * mlreg.yaml names the first one: they must move nobody.
 */
async function useAnother(world: SimWorld, program: Programs, kind: 'lost' | 'older'): Promise<void> {
  const { aws, level, scheduler, store } = world;
  if (level.loseStore === undefined || level.keepStore === undefined) return;
  const useHalf = level.keepStore();
  world.safety.forget(level.loseStore(kind));
  await recoverThrice(world, program, 'recover-another');
  if (world.violation() !== null || (await store.lock()).restoring === true) return;
  const useOther = level.keepStore();
  const found = (): string => JSON.stringify([aws.alias(), aws.stage?.(), aws.alias('green')]);
  const before = found();
  useHalf();
  world.saw('a store half recovered met another one');
  const commands: readonly [string, (machine: Machine) => Promise<unknown>][] = [
    ['recover', (machine) => program.recover(machine)],
    ['deploy', (machine) => program.deploy(machine, v25)],
    ['resume', (machine) => program.resume(machine, false)],
    ['gc', (machine) => program.gc(machine)],
  ];
  for (const [name, run] of commands) {
    world.spawn(`${name}-half`, name, async (machine) => void (await run(machine)));
    await scheduler.run(scheduler.now() + 60_000, 60_000);
  }
  if (world.violation() === null && found() !== before)
    world.fail(
      new Violation('I3 one owner', 'a store half recovered moved the alias of the one that is in use'),
    );
  useOther();
}

const isOf = (tag: VersionTag | undefined, version: VersionTag): boolean =>
  tag !== undefined && armOf(tag).version === version;
/** Somebody empties the Description of alias live, and somebody else deploys: the other alias must say that this store is not the one. */
async function wipeMarker(world: SimWorld, program: Programs): Promise<void> {
  const { aws, level, scheduler, store } = world;
  if (aws.stage === undefined || aws.alias('green').stamp === undefined) return;
  await level.wipe?.();
  world.safety.wiped();
  world.saw('the marker of live was wiped');
  const found = JSON.stringify(aws.alias());
  await registerAgain(store, v25);
  world.spawn('first-deploy', 'deploy', (machine) => program.deploy(machine, v25));
  await scheduler.run(scheduler.now() + 100_000, 60_000);
  if (world.violation() === null && JSON.stringify(aws.alias()) !== found)
    world.fail(
      new Violation('I3 one owner', 'a store moved the alias that belongs to the one which was lost'),
    );
}

export const isCalm = ({ swarm }: Story): boolean => Object.values(swarm).every((rate) => rate === 0);

async function judge(world: SimWorld, story: Story, program: Programs): Promise<void> {
  const { store, aws, scheduler } = world;
  const wrong = (sentence: string): void => world.fail(new Violation('L2 crash ends', sentence));
  const states = [...world.safety.journals()].map(([id, entries]) => replay(rolloutId(id), entries));
  const stuck = states.filter(({ outcome }) => outcome?.kind === 'stuck');
  const nowhere = stuck.every(({ plan }) => plan.strategy === 'watch' && plan.undo === null);
  if (stuck.length > 0 && (nowhere || world.foreignEdits() > 0)) {
    world.spawn('last-word', 'rollback', (machine) => program.rollback(machine));
    await scheduler.run(scheduler.now() + 3_600_000, 60_000);
    if (world.violation() !== null) return;
  } else if (stuck.length > 0) {
    return wrong(`${stuck[0]?.id} is stuck: ${JSON.stringify(stuck[0]?.outcome)}`);
  }
  for (const [id, entries] of world.safety.journals()) {
    const { phase } = replay(rolloutId(id), entries);
    if (phase !== 'ended') return wrong(`${id} was left ${phase}`);
  }
  const versions = await store.versions();
  const champion = versions.find(({ status }) => status === 'champion')?.version;
  // What was said to be left undone is gc's.
  if (world.safety.leftUndone()) await bringToRest(world, program);
  if (world.violation() !== null) return;
  const { stamp } = aws.alias();
  const serves = usersOf(aws);
  const untouched = stamp === undefined || world.foreignEdits() > 0;
  const served = champion ?? nobody;
  if (!untouched && serves[served] !== 100)
    return wrong(`the registry's champion is ${champion}, users get ${JSON.stringify(serves)}`);
  const asked = endpointsOf(aws.variables(aws.alias().target.functionVersion));
  if (!untouched && asked.length > 1) return wrong(`at rest ${asked.join(' and ')} are asked`);
  await bringToRest(world, program);
  if (world.violation() !== null) return;
  const trial = versions.find(({ status }) => status === 'challenger');
  if (trial !== undefined) return wrong(`${trial.version} is a challenger for ever`);
  const lock = await store.lock();
  if (stamp !== undefined && stamp.token > lock.token)
    return wrong(`the alias carries token ${stamp.token}, the store ${lock.token}`);
  const isRecovered = story.loses !== undefined;
  if (story.bad && isOf(champion, v23) && !world.safety.everForced() && story.first !== true && !isRecovered)
    return world.fail(
      new Violation('L1 breach ends', 'a challenger that fails every second request was promoted'),
    );
  const named = new Set([
    foreignEndpoint,
    endpointName(nobody),
    ...versions.flatMap(({ endpoint, tombstone }) => [endpoint?.name, tombstone?.endpoint]),
  ]);
  const leaked = aws.endpointNames().find((name) => !named.has(name));
  // What no published Lambda version names is not found again.
  if (leaked !== undefined && !isRecovered)
    return world.fail(new Violation('L4 leak-free', `endpoint ${leaked} is named by no version`));
  if (
    isCalm(story) &&
    !isRecovered &&
    story.manner.onInconclusive === 'promote' &&
    story.ops.length === 1 &&
    story.manner.strategies?.deploy !== 'shadow' &&
    !story.bad &&
    !isOf(champion, v23) &&
    story.requestsPerTick >= 200 &&
    story.horizonMs > 60_000
  )
    return wrong(`nothing went wrong, and the champion is ${champion}`);
  if (world.foreignEdits() > 0) return;
  if (lock.owner === null && story.seed % 20 !== 0) return;
  // A lock without a rollout is somebody's who just begins, for a while; clocks differ.
  if (lock.owner !== null) {
    // One that was taken while the clock was ahead is fresh when that time comes.
    const ahead = Math.max(0, lock.takenAt - epoch - scheduler.now());
    const until = scheduler.now() + ahead + 300_000;
    scheduler.at(until, () => undefined);
    await scheduler.run(until, 60_000);
  }
  world.saw('deployed after all');
  const process = world.spawn('last-deploy', 'deploy', (machine) => program.deploy(machine, v25, true));
  await scheduler.run(scheduler.now() + 160_000, 60_000);
  if (world.violation() !== null) return;
  const now = (await store.version(v25))?.status;
  const fair =
    story.endpointFate.kind === 'ready' &&
    story.requestsPerTick >= 200 &&
    story.manner.onInconclusive === 'promote' &&
    story.manner.approvals === 0;
  if (!process.done || now === 'candidate' || (fair && now !== 'champion'))
    wrong(
      `a deploy afterwards left v2.5.0 ${now}; lock ${JSON.stringify(await store.lock())}; champion before ${champion ?? v22}`,
    );
}

/** A swap that came late reaches the champion too; who tidies up brings the stage back, or no rollout begins any more. */
async function bringToRest(world: SimWorld, program: Programs): Promise<void> {
  const { aws, store, scheduler } = world;
  const where = (): string | undefined => aws.stage?.().alias;
  if (where() === undefined || where() === 'live' || world.foreignEdits() > 0) return;
  world.saw('the stage was left elsewhere');
  // A lock without a rollout is somebody's who just begins, for a while; clocks differ.
  if ((await store.lock()).owner !== null) {
    scheduler.at(scheduler.now() + 300_000, () => undefined);
    await scheduler.run(scheduler.now() + 300_000, 60_000);
  }
  world.spawn('last-gc', 'gc', (machine) => program.gc(machine));
  await scheduler.run(scheduler.now() + 60_000, 60_000);
  if (world.violation() === null && where() !== 'live')
    world.fail(new Violation('L2 crash ends', `the stage names ${where()} for ever`));
}
