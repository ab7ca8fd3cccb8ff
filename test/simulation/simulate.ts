import { replay } from '../../src/rollout/replay.ts';
import { dice } from './dice.ts';
import { drawSwarm, drawWindows, type Fault, type Swarm, type Window } from './faults.ts';
import { type Manner, programs, type Wish } from './programs.ts';
import { Violation } from './safety.ts';
import {
  createWorld,
  type Design,
  type Machine,
  seedRegistry,
  type SimWorld,
  v21,
  v22,
  v23,
  v24,
  v25,
} from './world.ts';

/** One thing that a person, or a controller, does. Dropping one leaves all others as they were. */
export interface Op {
  readonly key: string;
  readonly at: number;
  readonly kind:
    | 'deploy'
    | 'deploy again'
    | 'abort'
    | 'rollback'
    | 'resume'
    | 'watch'
    | 'ask'
    | 'controller'
    | 'foreign';
  readonly wish?: Wish;
}

export interface Story {
  readonly seed: number;
  readonly ops: readonly Op[];
  readonly windows: readonly Window[];
  readonly swarm: Swarm;
  readonly manner: Manner;
  readonly horizonMs: number;
  readonly bad: boolean;
}

export interface Run {
  readonly violation: Violation | null;
  readonly story: Story;
  /** What befell calls, as it came. */
  readonly faults: readonly Fault[];
  readonly situations: ReadonlyMap<string, number>;
  readonly rollouts: number;
  readonly crashes: number;
  readonly virtualMs: number;
  readonly events: number;
  readonly trace: readonly string[];
  readonly hash: number;
}

export interface RunOptions {
  readonly design?: Design;
  readonly tracing?: boolean;
  /** Faults, windows and operations that take part; all of the seed's where it isn't given. */
  readonly allows?: (key: string) => boolean;
}

const quiet = 40_000;

export async function simulate(seed: number, options: RunOptions = {}): Promise<Run> {
  const allows = options.allows ?? (() => true);
  const story = tell(seed);
  const d = dice(seed, 61);
  const windows = story.windows.filter(({ key }) => allows(key));
  const bad = { errors: 0.5, latencyMs: 20 };
  const good = { errors: 0, latencyMs: 20 };
  const fate =
    story.swarm.endpoints > 0 ? d.of(['ready', 'ready', 'ready', 'never', 'failed'] as const) : 'ready';
  const world = createWorld({
    seed,
    swarm: story.swarm,
    windows,
    allows,
    endpointFate: { kind: allows('endpoint') ? fate : 'ready', afterMs: d.between(0, 8_000) },
    behaviour: { [v21]: good, [v22]: good, [v23]: story.bad ? bad : good, [v24]: good, [v25]: good },
    requestsPerTick: d.of([200, 400, 1_000, 200, 20]),
    design: options.design,
    tracing: options.tracing ?? false,
  });
  const { scheduler } = world;
  await seedRegistry(world);
  const program = programs(world, story.manner);
  for (const op of story.ops.filter(({ key }) => allows(key)))
    scheduler.at(op.at, () => begin(world, program, op));
  const first = await scheduler.run(story.horizonMs, 60_000);
  if (first === 'endless') world.fail(new Violation('I14 bounded', 'the safety phase does not end'));
  if (world.violation() === null) await recover(world, program, story, d.chance(0.5));
  return {
    violation: world.violation(),
    story,
    faults: world.faults,
    situations: world.situations,
    rollouts: world.safety.journals().size,
    crashes: world.crashes(),
    virtualMs: scheduler.now(),
    events: scheduler.events(),
    trace: world.trace,
    hash: world.hash(),
  };
}

function tell(seed: number): Story {
  const d = dice(seed, 51);
  const swarm = drawSwarm(seed);
  const horizonMs = d.between(40_000, 200_000);
  const ops: Op[] = [{ key: 'op 0', at: d.between(0, 2_000), kind: 'deploy' }];
  const add = (kind: Op['kind'], at: number, wish?: Wish): void =>
    void ops.push({ key: `op ${ops.length}`, at, kind, ...(wish === undefined ? {} : { wish }) });
  // Most of what can go wrong goes wrong while traffic moves.
  const soon = (): number =>
    d.chance(0.4) ? d.between(3_000, 16_000) : d.between(0, d.chance(0.6) ? 45_000 : horizonMs);
  const people = d.chance(0.35) ? 0.15 : 1;
  if (d.chance(0.5)) add('controller', d.between(0, 20_000));
  if (d.chance(0.3 * people)) add('abort', soon());
  if (d.chance(0.35 * people)) add('rollback', soon());
  if (d.chance(0.25 * people)) add('rollback', soon());
  if (d.chance(0.4 * people)) add('resume', soon());
  if (d.chance(0.3)) add('deploy', d.between(20_000, horizonMs));
  if (d.chance(0.4)) add('deploy again', d.between(20_000, horizonMs));
  if (d.chance(0.2)) add('watch', d.between(20_000, horizonMs));
  for (let left = d.chance(people) ? d.of([0, 0, 1, 3]) : 0; left > 0; left--) {
    const wish = d.of<Wish>([
      { kind: 'pause' },
      { kind: 'resume' },
      { kind: 'promote', full: false },
      { kind: 'promote', full: true },
      { kind: 'traffic', percent: d.of([10, 25, 50]) },
    ]);
    add('ask', soon(), wish);
  }
  if (swarm.foreign > 0) add('foreign', soon());
  const windows = drawWindows(seed, swarm, Math.min(horizonMs, 60_000));
  // Who finds the store lost goes back by the alias alone.
  const lost = windows.find(({ call }) => call === 'store');
  if (lost !== undefined && d.chance(0.6)) add('rollback', lost.from + d.between(0, 1_500));
  return {
    seed,
    ops,
    swarm,
    horizonMs,
    windows,
    manner: {
      routing: d.of(['sticky', 'weighted']),
      bakeMs: d.between(3, 7) * 1_000,
      steps: d.of([[10, 50], [10], [5, 25, 50]]),
      onInconclusive: d.of(['hold', 'extend', 'promote', 'rollback']),
      thinkMs: d.of([0, 0, 0, 5_000, 40_000]),
    },
    bad: d.chance(0.3),
  };
}

type Programs = ReturnType<typeof programs>;

function begin(world: SimWorld, program: Programs, op: Op): void {
  const name = `${op.key.slice(3)}-${op.kind === 'ask' ? (op.wish?.kind ?? '') : op.kind}`;
  const run = (body: (machine: Machine) => Promise<unknown>): void =>
    void world.spawn(name, op.kind, async (machine) => void (await body(machine)));
  switch (op.kind) {
    case 'deploy':
      return run((machine) => program.deploy(machine, v23));
    case 'deploy again':
      return run((machine) => program.deploy(machine, v24));
    case 'abort':
      return run((machine) => program.abort(machine));
    case 'rollback':
      return run((machine) => program.rollback(machine));
    case 'resume':
      return run((machine) => program.resume(machine, true));
    case 'watch':
      return run((machine) => program.watch(machine));
    case 'ask': {
      const { wish } = op;
      if (wish !== undefined) run((machine) => program.ask(machine, wish));
      return;
    }
    case 'controller':
      return run((machine) => program.controller(machine));
    case 'foreign':
      return world.meddle({ functionVersion: '6', weights: {} });
  }
}

/** Faults off, everybody dead; then one person types `mlreg resume`, and all must be well. */
async function recover(world: SimWorld, program: Programs, story: Story, waits: boolean): Promise<void> {
  const { scheduler } = world;
  world.heal();
  world.killAll();
  // What dead processes had sent may arrive while the first one works; once all has, one resume must do.
  const hasten = waits ? 1 : 2;
  for (let tries = 0; tries < hasten && world.violation() === null; tries++) {
    if (tries === hasten - 1) await scheduler.run(scheduler.now() + 100_000, 60_000);
    const process = world.spawn(`resume-${tries}`, 'resume', async (machine) => {
      await program.resume(machine, false);
    });
    const outcome = await scheduler.run(scheduler.now() + 3_600_000, 60_000);
    if (world.violation() !== null) return;
    if (outcome === 'endless' || !process.done)
      return world.fail(new Violation('L2 crash ends', `resume goes on and on (${outcome})`));
  }
  if (world.violation() === null) await judge(world, story, program);
}

async function judge(world: SimWorld, story: Story, program: Programs): Promise<void> {
  const { store, aws, scheduler } = world;
  const wrong = (sentence: string): void => world.fail(new Violation('L2 crash ends', sentence));
  const states = [...world.safety.journals()].map(([id, entries]) => replay(id as never, entries));
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
    const { phase } = replay(id as never, entries);
    if (phase !== 'ended') return wrong(`${id} was left ${phase}`);
  }
  const versions = await store.versions();
  const champion = versions.find(({ status }) => status === 'champion')?.version;
  const serves = aws.shares(aws.alias().target);
  const { stamp } = aws.alias();
  const untouched = stamp === undefined || world.foreignEdits() > 0;
  if (!untouched && serves[champion ?? ''] !== 100)
    return wrong(`the registry's champion is ${champion}, the alias serves ${JSON.stringify(serves)}`);
  const trial = versions.find(({ status }) => status === 'challenger');
  if (trial !== undefined) return wrong(`${trial.version} is a challenger for ever`);
  const lock = await store.lock();
  if (stamp !== undefined && stamp.token > lock.token)
    return wrong(`the alias carries token ${stamp.token}, the store ${lock.token}`);
  const forced = [...world.safety.journals().keys()].some((id) => world.safety.forced(id));
  if (story.bad && champion === v23 && !forced)
    return world.fail(
      new Violation('L1 breach ends', 'a challenger that fails every second request was promoted'),
    );
  const calm = Object.values(story.swarm).every((rate) => rate === 0);
  if (
    calm &&
    story.manner.onInconclusive === 'promote' &&
    story.ops.length === 1 &&
    !story.bad &&
    champion !== v23 &&
    world.requestsPerTick >= 200 &&
    story.horizonMs > 60_000
  )
    return wrong(`nothing went wrong, and the champion is ${champion}`);
  if (world.foreignEdits() > 0) return;
  if (lock.owner === null && story.seed % 5 !== 0) return;
  // A lock without a rollout is somebody's who just begins, for a while; clocks differ.
  if (lock.owner !== null) {
    scheduler.at(scheduler.now() + 300_000, () => undefined);
    await scheduler.run(scheduler.now() + 300_000, 60_000);
  }
  world.saw('deployed after all');
  const process = world.spawn('last-deploy', 'deploy', (machine) => program.deploy(machine, v25));
  await scheduler.run(scheduler.now() + quiet * 4, 60_000);
  if (world.violation() !== null) return;
  const now = (await store.version(v25))?.status;
  const fair =
    world.endpointsWork && world.requestsPerTick >= 200 && story.manner.onInconclusive === 'promote';
  if (!process.done || now === 'candidate' || (fair && now !== 'champion'))
    wrong(
      `a deploy afterwards left v2.5.0 ${now}; lock ${JSON.stringify(await store.lock())}; champion before ${champion ?? v22}`,
    );
}
