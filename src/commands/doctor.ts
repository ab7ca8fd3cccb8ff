import { deprecatedSettings } from '../config/index.ts';
import type { ArmTick } from '../domain/observation.ts';
import type { VersionRecord } from '../domain/registry.ts';
import { PlatformError } from '../ports/platform.ts';
import { formatDuration } from '../domain/parse.ts';
import { endpointName } from '../domain/names.ts';
import { type Route, targetText } from '../domain/route.ts';
import { instant, percent, versionTag } from '../domain/units.ts';
import { clockText } from '../domain/clock-text.ts';
import { championBreaches } from '../monitor/judge/guardrails/champion-breach.ts';
import { UserError } from '../domain/user-error.ts';
import { counted } from '../reporting/words.ts';
import { type Context, type Target, unfinished } from './context.ts';
import type { AccountFinding as Finding, AccountSubject } from '../ports/account.ts';
import { longestVariables } from '../engine/variables.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { keysCheck } from './doctor-keys.ts';
import { movesAlias, rolloutFinding } from './doctor-rollout.ts';
import { settingsFindings, targetOrAll } from './doctor-settings.ts';
import { stageCheck } from './doctor-stage.ts';
import { wayBack } from './doctor-way-back.ts';
import { pathFinding, pathOfMetrics } from './metrics-path.ts';
import { lookAround } from '../runner/look.ts';
import { aliasNote } from './marker.ts';
import { imageTrouble } from './model-server.ts';
import { missingUsers } from './missing-users.ts';
import { servingCheck } from './serving-settings.ts';
import { userKeyTrouble } from './user-key.ts';
import { championOf } from './prepare.ts';

/** What must be true before a rollout, and that a rollback would work. Changes nothing. One line each, with the fix. */
export async function doctor(context: Context): Promise<ExitCode> {
  const at = await targetOrAll(context);
  const { config, connection } = at;
  const findings: Finding[] = [...settingsFindings(at)];
  const check = async (name: string, look: () => Promise<Omit<Finding, 'check'>>): Promise<void> => {
    findings.push({
      check: name,
      ...(await look().catch((error: unknown) => {
        if (error instanceof PlatformError) {
          const { failure } = error;
          const mend = failure.kind === 'denied' ? { mend: `allow ${failure.action}` } : {};
          return { ok: false, detail: error.message, ...mend };
        }
        if (error instanceof UserError)
          return {
            ok: false,
            detail: error.message,
            ...(error.mend[0] === undefined ? {} : { mend: error.mend[0] }),
          };
        throw error;
      })),
    });
  };
  /** Told, and no fault: a champion in trouble must not block its fix. */
  const breaches: Finding[] = [];
  const champion = await championOf(at);
  const running = await unfinished(at);
  let isBehind = false;
  const looked = lookAround(connection, config.lambda);
  // Each check that needs it says why it can't be had.
  looked.catch(() => undefined);
  await check('identity', async () => {
    const { account, arn } = await connection.identity();
    const isRight = config.account === null || config.account === account;
    return isRight
      ? { ok: true, detail: arn }
      : {
          ok: false,
          detail: `account ${account}, configured is ${config.account}`,
          mend: 'log in to the right account',
        };
  });
  await check('store', async () => {
    const { token, owner } = await connection.store.lock();
    return {
      ok: true,
      detail:
        owner === null
          ? `free, token ${token}`
          : `owned by ${owner.name} (pid ${owner.pid} on ${owner.host})`,
    };
  });
  await check('alias', async () => {
    const look = await looked;
    const { view } = look.main;
    const note = aliasNote(at, look, { champion, running });
    // What the registry says of the champion is out of date then, so nothing is advised that rests on it.
    isBehind = note?.isBehind === true;
    if (note !== null) return { ok: false, detail: note.detail, mend: note.mend };
    if (view.target.functionVersion === '$LATEST') {
      return {
        ok: false,
        detail: `${config.lambda.alias} points at $LATEST, which can't be rolled back to`,
        mend: 'publish a version and point the alias at it',
      };
    }
    if (running !== null && movesAlias(running, view))
      return {
        ok: true,
        detail: `${config.lambda.alias} -> ${targetText(view.target)}: rollout ${running.id} moves it`,
      };
    const isHome =
      champion?.functionVersion === undefined || champion.functionVersion === view.target.functionVersion;
    return isHome
      ? { ok: true, detail: `${config.lambda.alias} -> Lambda version ${view.target.functionVersion}` }
      : {
          ok: false,
          detail: `${config.lambda.alias} serves Lambda version ${view.target.functionVersion}, champion ${champion.version} is ${champion.functionVersion}`,
          // A rollback would end the rollout that is not over.
          mend:
            running === null
              ? `mlreg rollback --to ${champion.version} --environment ${config.name}`
              : `mlreg status --environment ${config.name}`,
        };
  });
  const { alias: own, green } = config.lambda;
  if (green !== null && !isBehind)
    await check('stage', async () => stageCheck(at, await looked, { own, green, champion, running }));
  await check('keys', async () => keysCheck(connection.platform, await connection.store.versions()));
  const noServer = await imageTrouble(context, config);
  if (noServer !== null)
    findings.push({ check: 'model server', ok: false, detail: noServer.what, mend: noServer.mend });
  const keyTrouble = await userKeyTrouble(at);
  if (keyTrouble !== null) findings.push({ check: 'user id', ok: false, ...keyTrouble });
  if (champion !== null && !isBehind) {
    await check('$LATEST', async () => {
      const { target: served } = (await looked).main.view;
      const differences = await connection.platform.latestDifferences(served.functionVersion);
      const detail = `differs from what serves: ${differences.join(', ')}`;
      if (differences.length === 0) return { ok: true, detail: 'is what serves, but for the route' };
      if (config.lambda.latest === 'take')
        return { ok: true, detail: `${detail}; the next deploy puts that on trial` };
      return { ok: false, detail, mend: 'mlreg deploy --with-latest, or undo the changes of $LATEST' };
    });
    await check('serving', () => servingCheck(at, champion));
    const { endpoint } = champion;
    await check('way back', () => wayBack(at, champion, running));
    await check('artifact', async () => {
      const { digest } = await connection.artifacts.digest(champion.artifact.uri);
      return digest === champion.artifact.digest
        ? { ok: true, detail: champion.artifact.uri }
        : {
            ok: false,
            detail: `${champion.artifact.uri} has changed since it was registered`,
            mend: 'restore the artifact: the champion could not be provisioned again',
          };
    });
    await check('metrics', async () => {
      const { tickMs: tick } = config.strategies.canary;
      const to = Math.floor((context.world.clock.now() - config.settleMs) / tick) * tick;
      const reading = await connection.metrics.read({
        champion:
          endpoint === undefined
            ? null
            : {
                version: champion.version,
                endpoint: endpoint.name,
                functionVersion: champion.functionVersion,
              },
        challenger: null,
        from: instant(to - 30 * tick),
        to: instant(to),
        tickMs: tick,
        plannedPercent: 0,
      });
      if (reading.kind === 'unreadable')
        return {
          ok: false,
          detail: reading.why,
          mend: reading.denied ? 'allow cloudwatch:GetMetricData' : 'try again',
        };
      const history = reading.observations
        .map((tickOf) => tickOf.champion)
        .filter((arm): arm is ArmTick => arm !== null);
      const { guardrails } = config;
      const { scope } = config.judge;
      for (const { sentence } of championBreaches({ guardrails, history, historyTickMs: tick, scope }))
        breaches.push({ check: 'guardrails', ok: true, detail: sentence });
      for (const detail of reading.notes ?? [])
        if (detail !== clockFinding(at)?.detail) breaches.push({ check: 'metrics', ok: true, detail });
      const requests = reading.observations.reduce(
        (sum, tickOf) => sum + (tickOf.champion?.requests ?? 0),
        0,
      );
      const users =
        config.routing === 'sticky' ? missingUsers(reading.observations, config.requests.userKey) : null;
      const mend = `send the user's id as ${config.requests.userKey}, or set requests.userKey or routing: weighted in mlreg.yaml`;
      if (users !== null && requests === 0) return { ok: false, detail: users, mend };
      if (users !== null) breaches.push({ check: 'users', ok: true, warning: true, detail: users, mend });
      return requests > 0
        ? {
            ok: true,
            detail: `${counted(requests, 'request')} of ${champion.version} in the last ${formatDuration(30 * tick)}`,
          }
        : {
            ok: false,
            detail: `no request of ${champion.version} in the last ${formatDuration(30 * tick)}: nothing could be judged`,
            mend: 'send traffic first (mlreg local traffic), or check the metric names',
          };
    });
  }
  findings.push(...breaches);
  const [deprecated] = deprecatedSettings(config);
  if (deprecated !== undefined) findings.push({ check: 'settings', ok: true, ...deprecated });
  const path = pathFinding(await pathOfMetrics(context, at, champion), at);
  if (path !== undefined) findings.push(path);
  if (champion === null && !isBehind) {
    findings.push({
      check: 'way back',
      ok: true,
      detail: 'no champion yet: a first deploy has nothing to go back to',
    });
  }
  const clock = clockFinding(at);
  if (clock !== null) findings.push(clock);
  // What a store that is behind takes for under way is over: it has to be recovered first.
  const undriven = isBehind ? null : await rolloutFinding(context, at, running);
  if (undriven !== null) findings.push(undriven);
  const { controllerTrouble: trouble } = connection;
  if (trouble !== null)
    findings.push({ check: 'controller', ok: false, detail: trouble.what, mend: trouble.mend });
  findings.push(...(await connection.account.examine(nextRollout(at, champion))));
  const isWell = findings.every((finding) => finding.ok);
  const { paint } = context.output;
  context.output.answer({ kind: 'Doctor', environment: config.name, well: isWell, findings }, () =>
    findings
      .map((finding) => {
        const { check: name, detail, mend } = finding;
        const hint = mend === undefined ? '' : `\n             try: ${mend}`;
        return `${markOf(finding, paint)} ${name.padEnd(10)} ${detail}${hint}`;
      })
      .join('\n'),
  );
  return isWell ? exitCode.done : exitCode.unexpected;
}

const toldFromMs = 30_000;

/** mlreg goes by AWS's time. Other programs go by the machine's: sign-in, certificates, logs that are read side by side. */
function clockFinding({ connection }: Target): Finding | null {
  const aheadMs = connection.machineAheadMs();
  const detail = clockText(aheadMs);
  if (detail === null || Math.abs(aheadMs) < toldFromMs) return null;
  return {
    check: 'clock',
    ok: true,
    warning: true,
    detail,
    mend: 'let NTP set it: sudo timedatectl set-ntp true',
  };
}

function markOf(
  { ok, unchecked, warning }: Omit<Finding, 'check'>,
  paint: Context['output']['paint'],
): string {
  if (!ok) return paint.red('✖');
  if (warning === true) return paint.yellow('!');
  return unchecked === true ? paint.yellow('?') : paint.green('✔');
}

/** As many buckets as a rollout sets aside at most, each of three digits. */
const longestAside = Array.from({ length: 20 }, (_, i) => 980 + i);

/** A rollout such as the next: of a version that has a name no policy can list, beside the champion. */
function nextRollout({ config }: Target, champion: VersionRecord | null): AccountSubject {
  const version = versionTag('v0.0.0-doctor');
  const { model, name: environment, routing, responses, testers } = config;
  const answers =
    responses.json === 'any' ? responses.contract : { json: 'always' as const, ...responses.contract };
  const name = endpointName({ model, environment, version, digest: 'd0c'.padEnd(64, '0'), generation: 1 });
  const endpoints = { [version]: { name, generation: 1 } };
  const home = champion?.endpoint === undefined ? null : { ...champion, endpoint: champion.endpoint };
  const routes: readonly Route[] =
    home === null || routing === 'weighted'
      ? [{ kind: 'single', version }]
      : [{ kind: 'split', champion: home.version, challenger: version, percent: percent(50) }];
  return {
    endpoint: name,
    variables: longestVariables(
      {
        routing,
        answers,
        ...(testers === null ? {} : { testers }),
        challenger: version,
        policy: { users: { aside: longestAside, earlier: null, slowerThanMs: null } },
      },
      routes,
      home === null ? endpoints : { ...endpoints, [home.version]: home.endpoint },
    ),
  };
}
