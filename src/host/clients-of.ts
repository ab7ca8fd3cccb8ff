import type { Clients } from '../aws/clients.ts';
import type { EnvironmentConfig } from '../config/index.ts';
import { awsTime, userName } from './machine.ts';
import { network } from './network-of-process.ts';

/** Where AWS's services of one environment are, and as whom they are asked. */
export interface Place {
  readonly region: string;
  readonly endpointUrl?: string;
  readonly profile?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
  };
}

/** In another account by a role there; whoever we are at first is asked for it. */
export async function clientsOf({ assumeRole }: EnvironmentConfig, where: Place): Promise<Clients> {
  const [{ createClients }, ways] = await Promise.all([import('../aws/clients.ts'), network()]);
  const reach = ways === null ? {} : { agent: ways.agent };
  const own = createClients({ ...where, ...reach }, process.env, awsTime);
  if (assumeRole === null) return own;
  const { assumedRole } = await import('../aws/assume-role.ts');
  const credentials = assumedRole(own, { role: assumeRole, session: userName() });
  const { profile: _own, ...place } = where;
  return createClients({ ...place, ...reach, credentials }, process.env, awsTime);
}
