import { dirname, resolve } from 'node:path';
import type { EnvironmentConfig, Reading } from '../config/index.ts';
import { parseDuration } from '../domain/parse.ts';
import { UserError } from '../domain/user-error.ts';
import { table } from '../reporting/output.ts';
import type { LocalStatus, LocalUpOptions } from '../host/local-host.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

export interface LocalOptions {
  readonly detach?: boolean;
  /** false for `--no-controller`. */
  readonly controller?: boolean;
  readonly controlPort?: string;
  readonly gatewayPort?: string;
}

/** The local store lies beside what local AWS keeps. */
export function directoryOf(config: EnvironmentConfig): string {
  if (config.store.kind !== 'embedded') throw new Error(`${config.name} has no directory of its own`);
  return config.store.directory;
}

async function stateDir(
  context: Context,
  reading: Reading = 'lenient',
): Promise<Pick<LocalUpOptions, 'stateDir' | 'model' | 'requests'>> {
  const config = (await context.config(reading)).environment('local');
  const { path, userKey } = config.requests;
  return { stateDir: directoryOf(config), model: config.model, requests: { path, userKey } };
}

export async function up(context: Context, options: LocalOptions): Promise<ExitCode> {
  const place = await stateDir(context, 'strict');
  const started = await context.world.local.up({
    stateDir: place.stateDir,
    model: place.model,
    requests: place.requests,
    controlPort: port(options.controlPort, '--control-port', 4566),
    gatewayPort: port(options.gatewayPort, '--gateway-port', 8080),
    detach: options.detach === true,
    controllerConfig: options.controller === false ? null : (await context.config()).file,
  });
  const { controlUrl, gatewayUrl, pid, alreadyRunning } = started;
  context.output.answer(
    { kind: 'LocalAws', running: true, alreadyRunning, controlUrl, gatewayUrl, pid },
    () =>
      [
        `AWS on this machine ${alreadyRunning ? 'runs already' : 'is up'} (pid ${pid})`,
        `  users   ${gatewayUrl}${place.requests.path}`,
        `  AWS     ${controlUrl}`,
        `  next    mlreg register VERSION --artifact FILE -e local, then mlreg deploy --model-version VERSION -e local`,
        ...(options.detach === true || alreadyRunning
          ? ['  end     mlreg local down']
          : ['  end     Ctrl-C']),
      ].join('\n'),
  );
  await started.ended;
  return exitCode.done;
}

export async function down(context: Context): Promise<ExitCode> {
  const place = await stateDir(context);
  const wasUp = await context.world.local.down(place.stateDir);
  context.output.answer({ kind: 'LocalAws', running: false, wasUp }, () =>
    wasUp ? 'AWS on this machine is down; its state stays' : 'AWS on this machine was not running',
  );
  return exitCode.done;
}

export async function localStatus(context: Context): Promise<ExitCode> {
  const place = await stateDir(context);
  const status = await context.world.local.status(place.stateDir);
  const known =
    status === null
      ? {}
      : {
          controller: status.controller,
          ...(status.trouble === null ? {} : { trouble: status.trouble.what, mend: status.trouble.mend }),
        };
  context.output.answer({ kind: 'LocalAws', running: status !== null, ...status?.details, ...known }, () =>
    status === null
      ? 'AWS on this machine is not running; next: mlreg local up'
      : statusText(status, context),
  );
  return exitCode.done;
}

/** For `eval "$(mlreg local env)"`: the AWS CLI and SDKs then speak to this machine. */
export async function localEnv(context: Context): Promise<ExitCode> {
  const place = await stateDir(context);
  const access = await context.world.local.access(place.stateDir);
  if (access === null) {
    throw new UserError('usage', 'AWS on this machine is not running', { mend: 'mlreg local up --detach' });
  }
  context.output.answer({ kind: 'LocalAwsEnvironment', variables: access }, () =>
    Object.entries(access)
      .map(([name, value]) => `export ${name}='${value}'`)
      .join('\n'),
  );
  return exitCode.done;
}

function statusText(
  { gatewayUrl, controlUrl, details, controller, trouble }: LocalStatus,
  context: Context,
): string {
  const endpoints = (details.endpoints ?? []) as readonly Record<string, unknown>[];
  const functions = (details.functions ?? []) as readonly Record<string, unknown>[];
  const text = (value: unknown): string =>
    typeof value === 'string' || typeof value === 'number' ? String(value) : '-';
  return [
    `users ${gatewayUrl}   AWS ${controlUrl}   pid ${text(details.pid)}`,
    ...(controller === 'runs' && trouble === null ? ['the rollout controller runs'] : []),
    ...(controller === 'none' ? ['there is no rollout controller'] : []),
    ...(trouble === null ? [] : [`${trouble.what}\n  try: ${trouble.mend}`]),
    table(
      ['ENDPOINT', 'STATE', 'PID', 'PORT'],
      endpoints.map((row) => [
        text(row.endpointName ?? row.endpoint),
        text(row.state),
        text(row.pid),
        text(row.port),
      ]),
      context.output.paint,
      context.output.columns,
    ),
    table(
      ['FUNCTION VERSION', 'ENVIRONMENTS', 'COLD STARTS', 'INVOCATIONS'],
      functions.map((row) => [
        text(row.version),
        text(row.environments),
        text(row.coldStarts),
        text(row.invocations),
      ]),
      context.output.paint,
      context.output.columns,
    ),
  ].join('\n');
}

function port(text: string | undefined, flag: string, byDefault: number): number {
  if (text === undefined) return byDefault;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new UserError('usage', `${flag}: '${text}' is not a port`, { mend: `${flag} ${byDefault}` });
  return value;
}

export interface TrafficOptions {
  readonly rate?: string;
  readonly for?: string;
  readonly requests?: string;
  readonly users?: string;
}

/** Real requests to the local gateway, at their times whether or not it keeps up. */
export async function localTraffic(context: Context, options: TrafficOptions): Promise<ExitCode> {
  const rate = Number(options.rate ?? '50');
  if (!(rate > 0 && rate <= 100_000))
    throw new UserError('usage', `--rate: '${options.rate}' is not a rate`, { mend: '--rate 50' });
  const forMs = parseDuration(options.for ?? '1m', '--for');
  const loaded = await context.config();
  const config = loaded.environment('local');
  const status = await context.world.local.status(directoryOf(config));
  if (status === null)
    throw new UserError('usage', 'AWS on this machine is not running', { mend: 'mlreg local up --detach' });
  const bodies = requestBodies(context, options.requests, config.requests.smokeFile, loaded.file);
  const stop = new AbortController();
  const undo = context.world.onSignal(() => stop.abort());
  try {
    const report = await context.world.local.load({
      url: status.gatewayUrl,
      path: config.requests.path,
      rate,
      forMs,
      arrivals: 'fixed',
      body: (index) => ({
        body: bodies[index % bodies.length] ?? '{}',
        headers: { 'content-type': 'application/json' },
      }),
      signal: stop.signal,
      onSecond: (second) => {
        const shares = Object.entries<{ requests: number }>(second.versions).map(
          ([version, tally]) => `${version === '' ? 'none' : version} ${tally.requests}`,
        );
        context.output.say(
          `${String(second.second).padStart(4)} s  ${second.requests} requests (${shares.join(', ')})  ${second.harmed} failed  p50 ${second.latencyMs.p50.toFixed(1)} ms  p99 ${second.latencyMs.p99.toFixed(1)} ms`,
        );
      },
    });
    context.output.answer({ kind: 'Traffic', ...report, records: undefined }, () =>
      table(
        ['VERSION', 'REQUESTS', 'FAILED'],
        Object.entries(report.versions).map(([version, tally]) => [
          version === '' ? '(none)' : version,
          String(tally.requests),
          String(tally.harmed),
        ]),
        context.output.paint,
        context.output.columns,
      ),
    );
    return exitCode.done;
  } finally {
    undo();
  }
}

/** One JSON body a line; by default those that lie beside the smoke requests. */
function requestBodies(
  { world }: Context,
  given: string | undefined,
  smoke: string | null,
  configFile: string | null,
): readonly string[] {
  const path = given ?? resolve(dirname(smoke ?? configFile ?? 'x'), 'requests.ndjson');
  if (!world.files.exists(path)) {
    throw new UserError('usage', `there are no requests in ${path}`, {
      mend: 'mlreg local traffic --requests FILE, one JSON body a line',
    });
  }
  return world.files
    .read(path)
    .split('\n')
    .filter((line) => line.trim() !== '');
}
