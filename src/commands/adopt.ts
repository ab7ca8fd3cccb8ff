import { parseVersion } from '../domain/parse.ts';
import type { VersionRecord } from '../domain/registry.ts';
import { targetText } from '../domain/route.ts';
import type { VersionTag } from '../domain/units.ts';
import { UserError } from '../domain/user-error.ts';
import { acquireFree } from '../runner/acquire.ts';
import { lookAround, newestToken } from '../runner/look.ts';
import { refuseWhereUnknown } from '../app/behind.ts';
import { type Session, unfinished } from '../app/session.ts';
import { openSession } from '../app/open-session.ts';
import { confirm } from '../app/confirm.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';
import { championOf } from '../app/plan/prepare.ts';

export interface AdoptOptions {
  readonly artifact?: string;
  readonly endpoint?: string;
  readonly reason?: string;
}

/** What serves today, as it is registered. */
interface Served {
  readonly functionVersion: string;
  readonly codeSha256: string;
  readonly endpoint: string;
  readonly artifact: VersionRecord['artifact'];
}

/**
 * Registers what serves today as the champion. Writes the registry alone: the alias, its Lambda version and the endpoint stay
 * as they are, and mlreg never deletes that endpoint.
 */
export async function adopt(context: Context, options: AdoptOptions, text: string): Promise<ExitCode> {
  const version = parseVersion(text, 'VERSION');
  const at = await openSession(context);
  const { config } = at;
  await refuseWhereUnknown(at);
  await refuseSettled(at);
  const served = await servedNow(at, version, options);
  await refuseOther(at, version, served);
  const what = `${version}: Lambda version ${served.functionVersion} of ${config.lambda.function}, endpoint ${served.endpoint}, artifact ${served.artifact.uri} (sha256 ${served.artifact.digest.slice(0, 12)})`;
  await confirm(context, config, `Adopt as the champion of ${config.name}: ${what}`);
  await write(context, at, version, served, options.reason);
  context.output.answer(
    { kind: 'Adopt', result: 'adopted', environment: config.name, version, ...served },
    () =>
      [
        `adopted ${what}`,
        `${version} is the champion of ${config.name}; no user was moved`,
        `next: mlreg doctor --environment ${config.name}, then register and deploy the next version`,
      ].join('\n'),
  );
  return exitCode.done;
}

/** @throws UserError conflict, where mlreg knows a champion, or a rollout is not over */
async function refuseSettled(at: Session): Promise<void> {
  const { name } = at.config;
  const champion = await championOf(at);
  if (champion !== null) {
    throw new UserError('conflict', `${name} has a champion already: ${champion.version}`, {
      why: 'adopt is for what served before mlreg did',
      mend: `mlreg status --environment ${name}`,
    });
  }
  const running = await unfinished(at);
  if (running === null) return;
  throw new UserError('conflict', `rollout ${running.id} is not over in ${name}`, {
    mend: `mlreg status --environment ${name}`,
  });
}

/** @throws UserError, where what serves can't be told, or can't be returned to */
async function servedNow(at: Session, version: VersionTag, options: AdoptOptions): Promise<Served> {
  const { config, connection } = at;
  const { alias } = config.lambda;
  const { main, reached } = await lookAround(connection, config.lambda);
  const { target: served } = main.view;
  if (Object.keys(served.weights).length > 0) {
    throw new UserError('conflict', `alias ${alias} splits traffic: it serves ${targetText(served)}`, {
      why: 'the champion is one version that serves everybody',
      mend: 'point the alias at one Lambda version first',
    });
  }
  if (served.functionVersion === '$LATEST') {
    throw new UserError('conflict', `alias ${alias} points at $LATEST, which can't be rolled back to`, {
      mend: [
        `aws lambda publish-version --function-name ${config.lambda.function}`,
        `aws lambda update-alias --function-name ${config.lambda.function} --name ${alias} --function-version VERSION`,
      ],
    });
  }
  if (reached.name !== alias) {
    throw new UserError('conflict', `the stage sends users to alias ${reached.name}, not to ${alias}`, {
      mend: `set lambda.alias to ${reached.name}, or point the stage at ${alias}`,
    });
  }
  const endpoint = options.endpoint ?? (await endpointIn(at, version, served.functionVersion));
  const state = await connection.platform.endpoint(endpoint);
  if (state.kind !== 'in-service') {
    throw new UserError('usage', `endpoint ${endpoint} is ${state.kind}, so nothing could return to it`, {
      mend: `mlreg adopt ${version} --endpoint NAME --environment ${config.name}`,
    });
  }
  const uri = options.artifact ?? (await connection.inventory.served(endpoint))?.uri ?? null;
  if (uri === null) {
    throw new UserError('usage', `which artifact does endpoint ${endpoint} serve?`, {
      why: 'its model names none, and a version is its artifact',
      mend: `mlreg adopt ${version} --artifact s3://BUCKET/KEY.tar.gz --environment ${config.name}`,
    });
  }
  const resolved = connection.artifacts.resolve(uri);
  const { digest } = await connection.artifacts.digest(resolved);
  return {
    functionVersion: served.functionVersion,
    codeSha256: await connection.platform.codeSha256(served.functionVersion),
    endpoint,
    artifact: { uri: resolved, digest },
  };
}

/** The endpoint that a Lambda version's variables name. @throws UserError usage, where they name none, or several */
async function endpointIn(
  { config, connection }: Session,
  version: VersionTag,
  functionVersion: string,
): Promise<string> {
  const variables = await connection.platform.variables(functionVersion);
  const values = Object.entries(variables).flatMap(([name, value]) =>
    /endpoint/i.test(name) && /^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$/.test(value) ? [value] : [],
  );
  const named = [...new Set(values)];
  const [only, ...others] = named;
  if (only !== undefined && others.length === 0) return only;
  throw new UserError('usage', `which endpoint does Lambda version ${functionVersion} ask?`, {
    why:
      only === undefined
        ? 'no variable of it whose name holds ENDPOINT names one'
        : `its variables name ${named.join(' and ')}`,
    mend: `mlreg adopt ${version} --endpoint NAME --environment ${config.name}`,
  });
}

/** @throws UserError conflict, where the version is registered as something else */
async function refuseOther(
  { config, connection }: Session,
  version: VersionTag,
  { artifact }: Served,
): Promise<void> {
  const known = await connection.store.version(version);
  if (known === undefined) return;
  if (
    known.artifact.digest === artifact.digest &&
    known.status === 'candidate' &&
    known.endpoint === undefined
  )
    return;
  const isOther = known.artifact.digest !== artifact.digest;
  throw new UserError(
    'conflict',
    `${version} is registered in ${config.name} ${isOther ? 'with another artifact' : `and is ${known.status}`}`,
    {
      why: isOther
        ? `registered ${known.artifact.digest.slice(0, 12)}, served ${artifact.digest.slice(0, 12)}`
        : 'only a version that was never rolled out can be adopted',
      mend: `mlreg adopt OTHER --environment ${config.name}`,
    },
  );
}

/** Under a token of its own, and only if nobody rolled anything out meanwhile. */
async function write(
  { world, actor }: Context,
  at: Session,
  version: VersionTag,
  served: Served,
  reason: string | undefined,
): Promise<void> {
  const { config, connection } = at;
  const { store } = connection;
  const { clock } = world;
  const view = await lookAround(connection, config.lambda);
  const { token } = await acquireFree(
    { store, clock },
    { owner: actor, rollout: null, environment: config.name, atLeast: newestToken(view) },
  );
  try {
    await refuseSettled(at);
    const alias = await connection.platform.readAlias(config.lambda.alias);
    if (
      alias.target.functionVersion !== served.functionVersion ||
      Object.keys(alias.target.weights).length > 0
    )
      throw new UserError(
        'conflict',
        `alias ${config.lambda.alias} was moved meanwhile; nothing was changed`,
        {
          mend: `mlreg adopt ${version} --environment ${config.name}`,
        },
      );
    const now = clock.now();
    const record: VersionRecord = {
      version,
      status: 'candidate',
      artifact: served.artifact,
      metrics: {},
      registeredAt: now,
      registeredBy: actor.name,
      statusAt: now,
      statusReason: 'registered by adopt',
    };
    await store.register(record);
    const { functionVersion, codeSha256, endpoint } = served;
    const isOurs = await store.change(token, [
      {
        version,
        set: {
          status: 'champion',
          statusAt: now,
          statusReason: reason === undefined ? 'adopted' : `adopted: ${reason}`,
          endpoint: { name: endpoint, generation: 1 },
          functionVersion,
          adopted: true,
          services: [{ functionVersion, endpoint, codeSha256, since: now }],
        },
      },
    ]);
    if (!isOurs)
      throw new UserError('conflict', `somebody else owns ${config.name} now; no champion was set`, {
        mend: `mlreg status --environment ${config.name}`,
      });
  } finally {
    await store.release(token).catch(() => false);
  }
}
