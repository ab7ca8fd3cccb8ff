/**
 * The main job on this machine, start to end, with the built command line and real traffic: AWS on loopback, a healthy
 * version promoted, a failing and a slow one rolled back by themselves, a deploying process killed and resumed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Chalk } from 'chalk';
import { generateLoad } from '../src/local-aws/data-plane/load.ts';
import type { LoadReport, SecondReport } from '../src/local-aws/data-plane/load-report.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const example = join(root, 'examples', 'flights');
const bin = join(root, 'bin', 'mlreg.js');
const requestsASecond = 100;

const isTerminal = process.stderr.isTTY === true;
const paint = new Chalk({ level: isTerminal ? 1 : 0 });
const say = (text = ''): void => void process.stderr.write(`${text}\n`);
const began = Date.now();
const children = new Set<ChildProcess>();

interface Act {
  readonly title: string;
  readonly version: string;
  readonly outcome: string;
  readonly took: number;
  readonly answered: number;
  readonly failed: number;
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
}

/** In a session of its own, so that Ctrl-C comes to us alone and we end it in order. */
function start(args: readonly string[], cwd: string, quiet = false): ChildProcess {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', quiet ? 'ignore' : 'inherit'],
    env: { ...process.env, MLREG_ACTOR: process.env.MLREG_ACTOR ?? 'demo' },
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

function finished(child: ChildProcess): Promise<Ran> {
  let stdout = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code: code ?? 137, stdout })));
}

async function mlreg(args: readonly string[], cwd: string, quiet = false): Promise<Ran> {
  if (!quiet) say(paint.dim(`\n$ mlreg ${args.join(' ')}`));
  return finished(start(args, cwd, quiet));
}

async function mustRun(args: readonly string[], cwd: string): Promise<Ran> {
  const ran = await mlreg(args, cwd, true);
  if (ran.code !== 0) throw new Error(`mlreg ${args.join(' ')} ended with ${ran.code}: ${ran.stdout}`);
  return ran;
}

interface Rollout {
  readonly outcome: { readonly kind: string; readonly cause?: { readonly sentence: string } } | null;
  readonly phase: string;
  readonly challengerPercent: number;
}

async function rolloutNow(cwd: string): Promise<Rollout | null> {
  const { stdout } = await mlreg(['status', '-o', 'json', '-q'], cwd, true);
  return (JSON.parse(stdout) as { rollout: Rollout | null }).rollout;
}

async function main(): Promise<number> {
  const cwd = mkdtempSync(join(tmpdir(), 'mlreg-demo-'));
  const stopLoad = new AbortController();
  let stopping = false;
  const stop = async (): Promise<void> => {
    stopLoad.abort();
    for (const child of children) child.kill('SIGKILL');
    await mlreg(['local', 'down', '-q'], cwd, true);
    rmSync(cwd, { recursive: true, force: true });
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    say(`\n${signal}: ending everything the demo started ...`);
    void stop().then(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await acts(cwd, stopLoad);
  } catch (error) {
    // What fails while we stop fails because we stop.
    if (stopping) return await new Promise<number>(() => undefined);
    throw error;
  } finally {
    if (!stopping) await stop();
  }
}

async function acts(cwd: string, stopLoad: AbortController): Promise<number> {
  writeFileSync(
    join(cwd, 'mlreg.yaml'),
    `model: recommendation
defaultEnvironment: local
requests: { smoke: ${JSON.stringify(join(example, 'smoke.json'))} }
environments:
  local:
    sagemaker: { image: ${JSON.stringify(`local://${join(example, 'serve.mjs')}`)} }
`,
  );
  say(paint.bold('mlreg: progressive delivery for models, on this machine'));
  say('Real model servers trained on real flights, real HTTP, the same code that runs against AWS.\n');
  const up = await mustRun(
    [
      'local',
      'up',
      '--detach',
      '--no-controller',
      '--control-port',
      '0',
      '--gateway-port',
      '0',
      '-o',
      'json',
    ],
    cwd,
  );
  const { gatewayUrl } = JSON.parse(up.stdout) as { gatewayUrl: string };
  const manifest = JSON.parse(readFileSync(join(example, 'artifacts', 'manifest.json'), 'utf8')) as Record<
    string,
    { file: string; metrics: { auc: number; mae: number } }
  >;
  for (const [version, { file, metrics }] of Object.entries(manifest)) {
    const metric = ['--metric', `auc=${metrics.auc}`, '--metric', `mae=${metrics.mae}`];
    await mustRun(['register', version, '--artifact', join(example, 'artifacts', file), ...metric], cwd);
  }
  say(paint.bold('1. The first version: nothing to compare with, so a smoke test and all at once'));
  const first = await mlreg(['deploy', '--model-version', 'v2.2.0', '-q'], cwd);
  process.stdout.write(first.stdout);
  if (first.code !== 0) return first.code;

  const bodies = readFileSync(join(example, 'requests.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const seen = { current: emptyTally() };
  const load = generateLoad({
    url: gatewayUrl,
    path: '/recommend',
    rate: requestsASecond,
    arrivals: 'fixed',
    signal: stopLoad.signal,
    body: (index) => ({
      body: bodies[index % bodies.length] ?? '{}',
      headers: { 'content-type': 'application/json' },
    }),
    onSecond: (second) => add(seen.current, second),
  });
  say(paint.dim(`users begin to ask: ${requestsASecond} real requests a second, until the end`));
  // The judge wants to know how the champion fares before it compares anybody with it.
  await new Promise((resolve) => setTimeout(resolve, 5_000));

  const results: Act[] = [];
  const deploy = async (title: string, version: string, expected: number): Promise<boolean> => {
    say(`\n${paint.bold(title)}`);
    seen.current = emptyTally();
    const at = Date.now();
    const { code, stdout } = await mlreg(['deploy', '--strategy', 'canary', '--model-version', version], cwd);
    process.stdout.write(stdout);
    const tally = seen.current.get(version) ?? { requests: 0, harmed: 0 };
    results.push({
      title,
      version,
      outcome: code === 0 ? 'promoted' : code === 3 ? 'rolled back' : `exit ${code}`,
      took: Date.now() - at,
      answered: tally.requests,
      failed: tally.harmed,
    });
    say(paint.dim(`exit code ${code}${code === expected ? '' : `, expected ${expected}`}`));
    return code === expected;
  };

  let good = await deploy('2. A better model: canary, promoted', 'v2.3.0', 0);
  good =
    (await deploy(
      '3. A model that fails on some airports, which no smoke test asks about: rolled back',
      'v2.4.0',
      3,
    )) && good;
  good = (await deploy('4. A model that is right but slow: rolled back', 'v2.5.0', 3)) && good;

  const killed = '5. The deploying process is killed in the middle; mlreg resume takes the rollout up';
  say(`\n${paint.bold(killed)}`);
  seen.current = emptyTally();
  const at = Date.now();
  say(
    paint.dim(
      '$ mlreg deploy --strategy canary --model-version v2.2.0    (and SIGKILL as soon as it has users)',
    ),
  );
  const victim = start(['deploy', '--strategy', 'canary', '--model-version', 'v2.2.0'], cwd);
  const death = finished(victim);
  let alive = true;
  void death.then(() => (alive = false));
  while (alive && ((await rolloutNow(cwd))?.challengerPercent ?? 0) === 0)
    await new Promise((resolve) => setTimeout(resolve, 200));
  if (alive) process.kill(victim.pid ?? 0, 'SIGKILL');
  await death;
  const left = await rolloutNow(cwd);
  say(
    `\n${paint.red('killed')}; ${left?.challengerPercent ?? 0} % of users are on v2.2.0 and nobody watches`,
  );
  const resumed = await mlreg(['resume'], cwd);
  process.stdout.write(resumed.stdout);
  const tally = seen.current.get('v2.2.0') ?? { requests: 0, harmed: 0 };
  results.push({
    title: killed,
    version: 'v2.2.0',
    outcome: resumed.code === 0 ? 'resumed, promoted' : `exit ${resumed.code}`,
    took: Date.now() - at,
    answered: tally.requests,
    failed: tally.harmed,
  });
  good = resumed.code === 0 && good;

  stopLoad.abort();
  summary(results, await load);
  return good ? 0 : 1;
}

type Tally = Map<string, { requests: number; harmed: number }>;
const emptyTally = (): Tally => new Map();

function add(tally: Tally, second: SecondReport): void {
  for (const [version, { requests, harmed }] of Object.entries(second.versions)) {
    const sum = tally.get(version) ?? { requests: 0, harmed: 0 };
    tally.set(version, { requests: sum.requests + requests, harmed: sum.harmed + harmed });
  }
}

function summary(results: readonly Act[], load: LoadReport): void {
  const rows = results.map((act) => [
    act.version,
    act.outcome,
    `${(act.took / 1_000).toFixed(0)} s`,
    String(act.answered),
    String(act.failed),
  ]);
  const head = ['VERSION', 'OUTCOME', 'TOOK', 'USERS’ REQUESTS IT GOT', 'FAILED'];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  say(`\n${paint.bold('What happened')}`);
  for (const row of [head, ...rows])
    say(
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}`,
    );
  say(
    `\n  ${load.requests} requests in all, ${load.harmed} failed (${((100 * load.harmed) / Math.max(1, load.requests)).toFixed(2)} %), ` +
      `median ${load.latencyMs.p50.toFixed(1)} ms, in ${((Date.now() - began) / 1_000).toFixed(0)} s`,
  );
  say(paint.dim('\n  next: mlreg --help, README.md, examples/flights/README.md\n'));
}

process.exitCode = await main();
