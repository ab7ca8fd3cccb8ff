import { join } from 'node:path';
import type { Needs } from '../app/connection.ts';
import type { EnvironmentConfig } from '../config/index.ts';
import type { Place } from './clients-of.ts';
import { UserError } from '../domain/user-error.ts';

/** Nothing listens there: what asks AWS after all hears so at once. */
const nobody = 'http://127.0.0.1:9';

/** @throws UserError where nobody says in which Region, or the emulator is not running */
export async function placeOf(config: EnvironmentConfig, needs: Needs): Promise<Place> {
  if (config.name !== 'local') {
    if (config.region === null) {
      throw new UserError('usage', `in which AWS Region is ${config.name}?`, {
        mend: ['--region eu-west-1', `set environments.${config.name}.region in mlreg.yaml`],
      });
    }
    return {
      region: config.region,
      ...(config.endpointUrl === null ? {} : { endpointUrl: config.endpointUrl }),
      ...(config.profile === null ? {} : { profile: config.profile }),
    };
  }
  const { readDaemonRecord } = await import('../local-aws/daemon-files.ts');
  const record = readDaemonRecord(stateDirOf(config));
  if (record === undefined && needs === 'records')
    return {
      region: 'us-east-1',
      endpointUrl: nobody,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local', sessionToken: '' },
    };
  if (record === undefined) {
    throw new UserError('usage', 'AWS on this machine is not running', {
      why: `nothing runs on ${stateDirOf(config)}`,
      mend: 'mlreg local up --detach',
    });
  }
  return {
    region: record.region,
    endpointUrl: record.controlUrl,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local', sessionToken: record.sessionToken },
  };
}

/** Of an environment on this machine: its emulator's files. */
export const stateDirOf = (config: EnvironmentConfig): string =>
  config.store.kind === 'embedded' ? config.store.directory : join(process.cwd(), '.mlreg', config.name);
