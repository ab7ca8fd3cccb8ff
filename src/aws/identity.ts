import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';

export interface Identity {
  /** Twelve digits. */
  readonly account: string;
  readonly arn: string;
}

/** Whose credentials these are. Nobody needs a permission to ask. @throws PlatformError */
export async function identity(clients: Clients): Promise<Identity> {
  const sts = clients.of(STSClient);
  const found = await attempt({ action: 'sts:GetCallerIdentity', resource: 'these credentials' }, () =>
    sts.send(new GetCallerIdentityCommand({})),
  );
  return { account: found.Account ?? '', arn: found.Arn ?? '' };
}
