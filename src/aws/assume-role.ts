import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { Clients, ClientsConfig } from './clients.ts';
import { attempt } from './errors.ts';

/**
 * The credentials of another account's role, by those of `clients`. The SDK asks again before they end, so a rollout longer
 * than a session goes on.
 * @param session who it is, in that account's CloudTrail
 */
export function assumedRole(
  clients: Clients,
  { role, session }: { readonly role: string; readonly session: string },
): NonNullable<ClientsConfig['credentials']> {
  return async () => {
    const sts = clients.of(STSClient);
    const { Credentials } = await attempt({ action: 'sts:AssumeRole', resource: `role ${role}` }, () =>
      sts.send(new AssumeRoleCommand({ RoleArn: role, RoleSessionName: sessionName(session) })),
    );
    return {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
      ...(Credentials?.Expiration === undefined ? {} : { expiration: Credentials.Expiration }),
    };
  };
}

/** STS takes 2 to 64 of these signs. */
const sessionName = (text: string): string => `mlreg-${text}`.replaceAll(/[^\w+=,.@-]/g, '-').slice(0, 64);
