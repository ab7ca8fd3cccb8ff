import { deprecatedSettings } from '../config/index.ts';
import type { ArmTick } from '../domain/observation.ts';
import type { VersionRecord } from '../domain/registry.ts';
import { PlatformError, type StageView } from '../ports/platform.ts';
import { formatDuration } from '../domain/parse.ts';
import { endpointName } from '../domain/names.ts';
import { type Route, targetText } from '../domain/route.ts';
import { instant, percent, versionTag } from '../domain/units.ts';
import { championBreaches } from '../monitor/judge/champion-breach.ts';
import { UserError } from '../domain/user-error.ts';
import { counted } from '../reporting/words.ts';
import { type Context, type Target, target, unfinished } from './context.ts';
import type { AccountFinding as Finding, AccountSubject } from '../ports/account.ts';
import type { RolloutState } from '../rollout/state.ts';
import { longestVariables } from '../rollout/variables.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { keysCheck } from './doctor-keys.ts';
import { movesAlias, rolloutFinding } from './doctor-rollout.ts';
import { wayBack } from './doctor-way-back.ts';
import { pathFinding, pathOfMetrics } from './metrics-path.ts';
import { markerNote } from './marker.ts';
import { servingCheck } from './serving-settings.ts';
import { userKeyTrouble } from './user-key.ts';
import { championOf } from './prepare.ts';

/** What must be true before a rollout, and that a rollback would work. Changes nothing. One line each, with the fix. */
export async function doctor(context: Context): Promise<ExitCode> {
  const at = await target(context);
  const { config, connection } = at;
  const findings: Finding[] = [];
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
    const view = await connection.platform.readAlias(config.lambda.alias);
    const note = await markerNote(at, view);
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
    await check('stage', () => stageCheck(at, { own, green }, champion, running));
  await check('keys', async () => keysCheck(connection.platform, await connection.store.versions()));
  const keyTrouble = await userKeyTrouble(at);
  if (keyTrouble !== null) findings.push({ check: 'user id', ok: false, ...keyTrouble });
  if (champion !== null && !isBehind) {
    await check('$LATEST', async () => {
      const { target: served } = await connection.platform.readAlias(own);
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
      for (const detail of reading.notes ?? []) breaches.push({ check: 'metrics', ok: true, detail });
      const requests = reading.observations.reduce(
        (sum, tickOf) => sum + (tickOf.champion?.requests ?? 0),
        0,
      );
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
  const undriven = await rolloutFinding(context, at, running);
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
  const { model, name: environment, routing } = config;
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
      { routing, policy: { users: { aside: longestAside, earlier: null, slowerThanMs: null } } },
      routes,
      home === null ? endpoints : { ...endpoints, [home.version]: home.endpoint },
    ),
  };
}

/** What a swap rests on: the stage at rest, the other alias along with the champion, and the way from one to the other. */
async function stageCheck(
  { config, connection }: Target,
  { own, green }: { readonly own: string; readonly green: string },
  champion: VersionRecord | null,
  running: RolloutState | null,
): Promise<Omit<Finding, 'check'>> {
  const { platform } = connection;
  let stage: StageView;
  try {
    stage = await platform.readStage();
  } catch (error) {
    if (!(error instanceof PlatformError) || error.failure.kind !== 'missing') throw error;
    const mend = `set environments.${config.name}.lambda.green: off in mlreg.yaml where nothing is swapped`;
    return { ok: false, detail: error.message, mend };
  }
  const swaps = running?.outcome === null && running.plan.strategy === 'blue-green';
  if (swaps)
    return {
      ok: true,
      detail: `names ${stage.alias ?? 'no alias'}: rollout ${running.id} swaps ${own} and ${green}`,
    };
  if (stage.alias !== own) {
    const detail = `the stage names ${stage.alias ?? 'no alias'}, not ${own}: rollouts of ${own} reach nobody`;
    return { ok: false, detail, mend: `mlreg gc --environment ${config.name}` };
  }
  const [problem] = await platform.swapProblems(green);
  if (problem !== undefined) return { ok: false, detail: problem };
  const { functionVersion } = (await platform.readAlias(green)).target;
  const follows = champion?.functionVersion === undefined || champion.functionVersion === functionVersion;
  return follows
    ? { ok: true, detail: `names ${own}; a swap to ${green} would be answered` }
    : {
        ok: false,
        detail: `alias ${green} serves Lambda version ${functionVersion}, champion ${champion.version} is ${champion.functionVersion}`,
        mend: `mlreg gc --environment ${config.name}`,
      };
}
