import type { Struck } from './faults.ts';
import { type Programs, programs } from './programs.ts';
import { checkBreachEnded } from './breach.ts';
import { isCalm, recover } from './recover.ts';
import { Violation } from './safety.ts';
import { type Op, only, type Story, tell } from './story.ts';
import { seedRegistry, v21, v22, v23, v24, v25 } from './versions.ts';
import type { BuildLevel, Design } from './level.ts';
import { createWorld, type Machine, type SimWorld } from './world.ts';

export interface Run {
  readonly violation: Violation | null;
  readonly story: Story;
  /** What befell calls, as it came. */
  readonly faults: readonly Struck[];
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
  /** What stands for AWS; a model of it where it isn't given. */
  readonly level?: BuildLevel;
  readonly tell?: (seed: number) => Story;
  readonly tracing?: boolean;
  /** Faults, windows and operations that take part; all of the story's where it isn't given. */
  readonly allows?: (key: string) => boolean;
}

export const simulate = (seed: number, options: RunOptions = {}): Promise<Run> =>
  play((options.tell ?? tell)(seed), options);

export async function play(whole: Story, options: RunOptions = {}): Promise<Run> {
  const allows = options.allows ?? (() => true);
  const story = only(whole, allows);
  const bad = { errors: 0.5, latencyMs: 20 };
  const good = { errors: 0, latencyMs: 20 };
  const world = await createWorld({
    story,
    allows,
    behaviour: { [v21]: good, [v22]: good, [v23]: story.bad ? bad : good, [v24]: good, [v25]: good },
    design: options.design,
    tracing: options.tracing ?? false,
    level: options.level,
  });
  const { scheduler } = world;
  try {
    await seedRegistry(world.store, story.first);
    const program = programs(world, story.manner);
    const { loses } = story;
    if (loses !== undefined) scheduler.at(loses.copiedAt, () => world.level.copyStore?.());
    for (const op of story.ops) scheduler.at(op.at, () => begin(world, program, op));
    const first = await scheduler.run(story.horizonMs, 60_000);
    if (first === 'endless') world.fail(new Violation('I14 bounded', 'the safety phase does not end'));
    if (world.violation() === null && isWell(story)) checkBreachEnded(world, story, 0);
    if (world.violation() === null) await recover(world, program, story);
    if (world.violation() === null) await world.audit();
  } finally {
    world.end();
  }
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

/** Nothing goes wrong, but for the machine's clock where mlreg goes by AWS's. */
const isWell = (story: Story): boolean =>
  isCalm(story.farClocks === true ? { ...story, swarm: { ...story.swarm, clocks: 0 } } : story);

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
    case 'gc':
      return run((machine) => program.gc(machine));
    case 'configure':
      return world.configure();
    case 'change latest':
      return world.changeLatest();
    case 'push':
      return world.pushCode();
    case 'foreign':
      return world.meddle({ functionVersion: '6', weights: {} });
  }
}
