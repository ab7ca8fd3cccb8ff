import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { processStart } from '../../src/local-aws/data-plane/process-identity.ts';
import { type Dice, dice } from '../simulation/dice.ts';
import {
  createScene,
  type Ended,
  eventually,
  isAlive,
  type Json,
  quick,
  type Running,
  type Scene,
  succeeds,
} from './e2e.ts';
import { answering, recommendations, startTraffic } from './e2e-traffic.ts';

/** What befalls a process: its end, or so long a standstill. */
interface Blow {
  readonly on: 'command' | 'emulator' | 'controller' | 'model server';
  readonly kind: 'kill' | 'stop';
  readonly ms: number;
}

/** One round, drawn from its seed: what a person begins, and what befalls whom while it runs. */
interface Round {
  readonly words: readonly string[];
  readonly blows: readonly Blow[];
  /** What is typed where the rollout has not ended by itself. */
  readonly way: 'resume' | 'abort' | 'rollback';
  /** Typed while the command stands still, so that it wakes up as an old owner. */
  readonly overtakes: boolean;
}

const healthy = ['v2.2.0', 'v2.3.0'] as const;
const bad = 'v2.4.0';

/** Nothing but the blows, and a version that fails, decide how these end: a starved machine makes healthy versions slow. */
const settings = {
  ...quick,
  strategies: {
    canary: { ...quick.strategies.canary, steps: [20, 50], bake: '1s' },
  },
  guardrails: { meanLatency: 'off', endpointErrorsPerMinute: 'off', throttleRate: 'off' },
  judge: { ...quick.judge, alpha: 0.00001 },
} as const;

/** Every process is struck in four rounds, and both ways in eight. */
const struck = ['emulator', 'command', 'controller', 'model server'] as const;

function drawRound(d: Dice, round: number, champion: string): Round {
  const challenger = healthy.find((version) => version !== champion) ?? healthy[0];
  const deploy = ['deploy', '--model-version', d.chance(0.3) ? bad : challenger];
  const words = d.of([deploy, deploy, [...deploy, '--detach'], ['rollback', '--to', challenger, '--yes']]);
  const blow = (on: Blow['on'], kind: Blow['kind']): Blow => ({ on, kind, ms: d.between(100, 2_500) });
  const kinds = ['kill', 'stop'] as const;
  const blows = [
    blow(struck[round % struck.length] ?? 'command', kinds[Math.floor(round / struck.length) % 2] ?? 'kill'),
    ...Array.from({ length: d.between(0, 2) }, () => blow(d.of(['command', ...struck]), d.of(kinds))),
  ];
  return { words, blows, way: d.of(['resume', 'abort', 'rollback']), overtakes: d.chance(0.5) };
}

/** Another one each time, or the one that is to be played again. */
export const seedOfToday = (): number => Number(process.env['MLREG_KILL_SEED'] ?? Date.now() % 1_000_000);

/** An environment with two versions that have served, and one that fails. */
export async function killScene(): Promise<Scene> {
  const scene = createScene('blows', settings);
  await scene.up();
  await scene.register(...healthy, bad);
  await succeeds(scene.inside('deploy', '--model-version', healthy[0]));
  await succeeds(scene.inside('deploy', '--model-version', healthy[1], '--strategy', 'all-at-once'));
  return scene;
}

/**
 * Plays so many rounds of SIGKILL, SIGSTOP and restarts under traffic, one after another, and after each asks whether all
 * agree: users, alias, marker, journal, registry.
 */
export async function playRounds(scene: Scene, seed: number, rounds: number): Promise<void> {
  console.log(`seed ${seed}: MLREG_KILL_SEED=${seed} plays the same blows again`);
  let champion: string = healthy[1];
  for (let round = 1; round <= rounds; round++) {
    const d = dice(seed, round);
    const drawn = drawRound(d, round, champion);
    const told = `round ${round}: ${drawn.words.join(' ')}; ${drawn.blows
      .map(({ on, kind, ms }) => `${kind} ${on} after ${ms} ms`)
      .join(', ')}; ${drawn.way}${drawn.overtakes ? ' overtakes' : ''}`;
    try {
      champion = await playRound(scene, drawn, champion);
      console.log(`${told} -> ${champion}`);
    } catch (error) {
      throw new Error(`seed ${seed}, ${told}: ${(error as Error).message}`, { cause: error });
    }
  }
}

async function playRound(scene: Scene, round: Round, champion: string): Promise<string> {
  const traffic = await startTraffic(scene, 40, () => undefined);
  const running = scene.start(...round.words);
  const asleep: (() => void)[] = [];
  for (const blow of round.blows) {
    await pause(blow.ms);
    strike(scene, running, blow, asleep);
    if (blow.on === 'command' && blow.kind === 'stop' && round.overtakes && !running.isOver())
      await overtake(scene, round.way);
    if (blow.on === 'emulator' && blow.kind === 'kill') await scene.up();
  }
  await pause(500);
  for (const wake of asleep) wake();
  // A controller that was killed comes back with the emulator.
  if (controllerPid(scene) === undefined) await restart(scene);
  await endOf(running);
  await finish(scene, round.way);
  const serves = await expectAgreement(scene, champion);
  const { sent } = await traffic.stop();
  const known = new Set<string | undefined>([...healthy, bad, undefined]);
  expect(sent.filter(({ version }) => !known.has(version))).toEqual([]);
  expect(sent.some(({ status }) => status === 200)).toBe(true);
  return serves;
}

/** Where the process is there; of several model servers the first. */
function strike(scene: Scene, running: Running, { on, kind }: Blow, asleep: (() => void)[]): void {
  const pids = {
    command: running.isOver() ? undefined : running.pid,
    emulator: scene.daemonPid,
    controller: controllerPid(scene),
    'model server': modelServerPids(scene)[0],
  };
  const pid = pids[on];
  if (pid === undefined || !signal(pid, kind === 'kill' ? 'SIGKILL' : 'SIGSTOP')) return;
  if (kind === 'stop') asleep.push(() => signal(pid, 'SIGCONT'));
}

/** A person at another terminal, while the first command stands still. */
async function overtake(scene: Scene, way: Round['way']): Promise<void> {
  if ((await emulatorAnswers(scene)) && (await scene.status()).rollout !== null)
    await scene.run(way === 'resume' ? 'abort' : way);
}

/** The command ends by itself, or is killed: nobody waits for one that has lost its emulator. */
async function endOf(running: Running): Promise<Ended> {
  const until = performance.now() + 6_000;
  while (!running.isOver() && performance.now() < until) await pause(50);
  if (!running.isOver()) running.kill('SIGKILL');
  return running.ended;
}

/** One command ends what is open; where the controller was faster it has nothing to do. */
async function finish(scene: Scene, way: Round['way']): Promise<void> {
  const { rollout } = await scene.status();
  if (rollout === null) return;
  const { code, stdout, stderr } = await scene.run(way);
  const { rollout: open } = await eventuallyAtRest(scene);
  if (open !== null) throw new Error(`${way} exited with ${code} and ended nothing:\n${stdout}\n${stderr}`);
}

/** The controller may be at its last step. */
async function eventuallyAtRest(scene: Scene): Promise<Json> {
  const until = performance.now() + 10_000;
  for (;;) {
    const status = await scene.status();
    if (status.rollout === null || performance.now() > until) return status;
    await pause(200);
  }
}

/** While its users still come. */
async function expectAgreement(scene: Scene, before: string): Promise<string> {
  const [status, versions, newest] = await Promise.all([scene.status(), scene.versions(), scene.newest()]);
  const champions = versions.filter((record) => record.status === 'champion');
  expect(champions).toHaveLength(1);
  const [champion] = champions;
  const serves = String(champion?.version);
  expect(status).toMatchObject({
    champion: serves,
    alias: { functionVersion: champion?.functionVersion, weights: {} },
    owner: null,
    rollout: null,
  });
  expect(status.marker).toBeUndefined();
  expect(versions.filter((record) => record.status === 'challenger')).toEqual([]);
  // Only versions that served everybody before: those that are healthy have.
  expect(healthy).toContain(serves);
  expect(newest.phase).toBe('ended');
  if (serves !== before) expect(newest.outcome).toMatchObject({ kind: 'succeeded' });
  await succeeds(scene.inside('audit', 'verify'));
  // An emulator that was killed has forgotten its metrics: the next requests are the first that doctor can see.
  let doctor = await scene.inside('doctor');
  for (let again = 0; doctor.code !== 0 && again < 20; again++) {
    await pause(500);
    doctor = await scene.inside('doctor');
  }
  await succeeds(Promise.resolve(doctor));
  await eventually('users of the champion', async () => {
    const answers = await recommendations(scene, 8).catch(() => []);
    return answering(answers).join() === serves && answers.every(({ status: code }) => code === 200);
  });
  return serves;
}

async function restart(scene: Scene): Promise<void> {
  signal(scene.daemonPid, 'SIGKILL');
  await eventually('the end of the emulator', () => !isAlive(scene.daemonPid));
  await scene.up();
}

const emulatorAnswers = async (scene: Scene): Promise<boolean> =>
  fetch(scene.gatewayUrl, { signal: AbortSignal.timeout(500) }).then(
    () => true,
    () => false,
  );

function controllerPid({ dir }: Scene): number | undefined {
  return livingPid(join(dir, '.mlreg/local/controller.json'), 'startTime');
}

function modelServerPids({ dir }: Scene): readonly number[] {
  const children = join(dir, '.mlreg/local/children');
  return readdirSync(children).flatMap((name) => livingPid(join(children, name), 'start') ?? []);
}

/** Of a process that is the recorded one still. */
function livingPid(file: string, start: string): number | undefined {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Json;
    return processStart(Number(record.pid)) === record[start] ? Number(record.pid) : undefined;
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
