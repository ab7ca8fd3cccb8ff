import { parseArmTag } from '../domain/arm.ts';
import { metricValues } from '../domain/metric-value.ts';
import { parseVersion } from '../domain/parse.ts';
import { isRetired, type VersionRecord } from '../domain/registry.ts';
import { UserError } from '../domain/user-error.ts';
import { unmet } from '../registry/acceptance.ts';
import { namesakeOf } from '../registry/shared-endpoints.ts';
import { table } from '../reporting/output.ts';
import { counted } from '../view/words.ts';
import type { Session } from '../app/session.ts';
import { openSession } from '../app/open-session.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { lostNote, unlessLocal } from '../app/marker.ts';
import { imageTrouble } from '../app/plan/model-server.ts';
import { registered } from '../app/plan/prepare.ts';

export interface RegisterOptions {
  readonly artifact?: string;
  readonly metric?: readonly string[];
}

/** A version into the registry, with its artifact's digest: from here on these very bytes are the version. */
export async function register(context: Context, options: RegisterOptions, text: string): Promise<ExitCode> {
  const version = parseVersion(text, 'VERSION');
  if (options.artifact === undefined) {
    throw new UserError('usage', 'where is the artifact?', {
      mend: `mlreg register ${version} --artifact s3://bucket/key.tar.gz`,
    });
  }
  const metrics = parseMetrics(options.metric ?? []);
  const { config, connection } = await openSession(context);
  const uri = connection.artifacts.resolve(options.artifact);
  const { digest, bytes } = await connection.artifacts.digest(uri);
  const at = context.world.clock.now();
  const record: VersionRecord = {
    version,
    status: 'candidate',
    artifact: { uri, digest },
    metrics,
    registeredAt: at,
    registeredBy: context.actor.name,
    statusAt: at,
    statusReason: 'registered',
  };
  const known = await connection.store.versions();
  const namesake = known.some((other) => other.version === version)
    ? undefined
    : namesakeOf(known, { model: config.model, environment: config.name }, record);
  if (namesake !== undefined) {
    throw new UserError('usage', `${version} would have the same endpoint as ${namesake.version}`, {
      why: `both have the same artifact, and an endpoint's name tells neither signs nor small letters from capitals: ${version} and ${namesake.version} are one name there`,
      mend: [
        `${namesake.version} is registered in ${config.name} already: use that`,
        `or choose a name that differs in a letter or digit: mlreg register VERSION --artifact ${uri} --environment ${config.name}`,
      ],
    });
  }
  if (!(await connection.store.register(record))) return again(context, { config, connection }, record);
  context.output.answer(
    { kind: 'Version', result: 'registered', ...record, bytes },
    () => `registered ${version} in ${config.name}: ${uri} (${bytes} bytes, sha256 ${digest.slice(0, 12)})`,
  );
  return exitCode.done;
}

/** The same bytes again are done already; others under the same tag are a mistake. */
async function again(context: Context, at: Session, record: VersionRecord): Promise<ExitCode> {
  const present = await registered(at, record.version);
  if (present.artifact.digest === record.artifact.digest) {
    const differs = differing(present.metrics, record.metrics);
    if (differs.length > 0) {
      throw new UserError(
        'conflict',
        `${record.version} is registered in ${at.config.name} with other metrics: ${differs.join(', ')}`,
        { why: 'a version never changes', mend: 'give the new measurements a version of their own' },
      );
    }
    context.output.answer(
      { kind: 'Version', result: 'already-registered', ...present },
      () => `${record.version} is registered already, with the same artifact`,
    );
    return exitCode.done;
  }
  throw new UserError(
    'conflict',
    `${record.version} is registered in ${at.config.name} with another artifact`,
    {
      why: `registered ${present.artifact.digest.slice(0, 12)}, given ${record.artifact.digest.slice(0, 12)}; a version never changes`,
      mend: 'give the new artifact a version of its own',
    },
  );
}

/** Only of metrics that were given now: who gives none changes none. */
function differing(present: VersionRecord['metrics'], given: VersionRecord['metrics']): string[] {
  return Object.entries(given).flatMap(([name, value]) =>
    present[name] === value ? [] : [`${name} is ${present[name] ?? 'not there'}, given ${value}`],
  );
}

function parseMetrics(pairs: readonly string[]): Record<string, number> {
  const given = Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value] = /^([A-Za-z][A-Za-z0-9._-]*)=(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/i.exec(pair) ?? [];
      if (name === undefined || value === undefined)
        throw new UserError('usage', `--metric: '${pair}' is not name=number`, { mend: '--metric auc=0.91' });
      return [name, Number(value)];
    }),
  );
  return metricValues(given);
}

export async function versions(context: Context): Promise<ExitCode> {
  const at = await openSession(context, 'lenient', 'records');
  const { config, connection } = at;
  const records = [...(await connection.store.versions())].sort((a, b) => b.registeredAt - a.registeredAt);
  const lost = records.length === 0 ? await lostNote(at).catch(unlessLocal(at)) : null;
  const marker = lost === null ? {} : { marker: lost.marker };
  context.output.answer({ kind: 'Versions', environment: config.name, ...marker, versions: records }, () =>
    records.length === 0
      ? (lost?.text ??
        `no version is registered in ${config.name}; next: mlreg register VERSION --artifact URI --environment ${config.name}`)
      : table(
          ['VERSION', 'STATUS', 'SINCE', 'ENDPOINT', 'METRICS', 'WHY'],
          records.map((record) => [
            record.version,
            record.status,
            new Date(record.statusAt).toISOString().slice(0, 19) + 'Z',
            isRetired(record) ? 'retired' : (record.endpoint?.name ?? '-'),
            Object.entries(record.metrics)
              .map(([name, value]) => `${name}=${value}`)
              .join(' ') || '-',
            record.statusReason,
          ]),
          context.output.paint,
          context.output.columns,
        ),
  );
  return exitCode.done;
}

/** Artifact, digest, acceptance criteria; where an endpoint serves it, smoke requests too. Changes nothing. */
export async function validate(context: Context, _options: object, text: string): Promise<ExitCode> {
  const version = parseArmTag(text, 'VERSION');
  const at = await openSession(context);
  const record = await registered(at, version);
  const checks: { readonly check: string; readonly passed: boolean; readonly detail: string }[] = [];
  const found = await at.connection.artifacts.digest(record.artifact.uri);
  checks.push({
    check: 'artifact',
    passed: found.digest === record.artifact.digest,
    detail: `${record.artifact.uri}, ${found.bytes} bytes, sha256 ${found.digest.slice(0, 12)}${found.digest === record.artifact.digest ? '' : ` instead of ${record.artifact.digest.slice(0, 12)}`}`,
  });
  const failures = unmet(at.config.acceptance, record.metrics);
  const criteria = at.config.acceptance.length;
  checks.push({
    check: 'acceptance',
    passed: failures.length === 0,
    detail:
      failures.length > 0
        ? failures.join('; ')
        : criteria === 0
          ? 'no criteria are set'
          : `${counted(criteria, 'criterion', 'criteria')} met`,
  });
  const trouble = await imageTrouble(context, at.config);
  if (trouble !== null)
    checks.push({ check: 'model server', passed: false, detail: `${trouble.what}; ${trouble.mend}` });
  if (record.endpoint !== undefined && !isRetired(record)) {
    const state = await at.connection.platform.endpoint(record.endpoint.name);
    if (state.kind === 'in-service') {
      const smoke = await at.connection.platform.smoke(record.endpoint.name);
      checks.push({
        check: 'smoke',
        passed: smoke.passed,
        detail:
          smoke.why ??
          (smoke.requests === 0
            ? 'no smoke test ran: requests.smoke names no requests'
            : `${counted(smoke.requests, 'request')} answered by ${record.endpoint.name}`),
      });
    }
  }
  const isValid = checks.every((check) => check.passed);
  const { paint } = context.output;
  context.output.answer({ kind: 'Validation', version, valid: isValid, checks }, () =>
    checks
      .map(
        ({ check, passed, detail }) =>
          `${passed ? paint.green('✔') : paint.red('✖')} ${check.padEnd(12)} ${detail}`,
      )
      .join('\n'),
  );
  return isValid ? exitCode.done : exitCode.usage;
}
