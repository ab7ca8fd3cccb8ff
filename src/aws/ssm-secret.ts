import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';

/** A secret in the Parameter Store, decrypted. It goes into no message. @throws PlatformError */
export async function readSecret(clients: Clients, parameter: string): Promise<string> {
  const ssm = clients.of(SSMClient);
  const found = await attempt({ action: 'ssm:GetParameter', resource: `parameter ${parameter}` }, () =>
    ssm.send(new GetParameterCommand({ Name: parameter, WithDecryption: true })),
  );
  return found.Parameter?.Value?.trim() ?? '';
}
