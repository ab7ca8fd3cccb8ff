import type { EnvironmentConfig } from '../config/index.ts';
import type { Connection } from '../app/connection.ts';
import { portsWithoutKeeper } from '../app/session.ts';
import { controllerCommand } from '../domain/controller.ts';
import type { Actor } from '../domain/journal.ts';
import type { Clock, Ids } from '../ports/index.ts';
import type { Collect } from '../runner/collect.ts';
import { createWarmKeeper } from '../runner/keep-warm.ts';
import type { Post } from './watched.ts';

/** An owner writes at least every 5 s but where a call takes long (`engine/silence`); who lives is better not disturbed. */
export const silenceMs = 60_000;

/** The controller's place in an environment. */
export function postOf(options: {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly host: string;
  readonly pid: number;
  readonly isAlive: Post['isAlive'];
  readonly config: Pick<EnvironmentConfig, 'sagemaker' | 'keepPreviousMs'>;
}): Post {
  const { config, connection, clock, ids, host, pid, isAlive } = options;
  const { platform, sightings } = connection;
  const { keepPreviousMs, sagemaker } = config;
  const { keepWarmMs: everyMs } = sagemaker;
  return {
    ...(everyMs === null
      ? {}
      : { warm: { keeper: createWarmKeeper({ platform, clock, everyMs }), keepPreviousMs } }),
    ports: portsWithoutKeeper({ clock, ids }, connection, () => undefined),
    sightings,
    actor: { name: 'controller', host, pid, command: controllerCommand } satisfies Actor,
    silenceMs,
    isAlive,
  };
}

/** What `gc` goes by in an environment. */
export const collectedIn = ({
  name,
  lambda,
  keepPreviousMs,
}: EnvironmentConfig): Omit<Collect, 'actor' | 'rehearse'> => ({
  environment: name,
  alias: lambda.alias,
  green: lambda.green,
  keepMs: keepPreviousMs,
  keepVersions: lambda.keepVersions,
  mostVersions: 50,
});
