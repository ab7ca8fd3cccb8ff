import { UserError } from '../domain/user-error.ts';
import type { ReadStack } from '../ports/existing-stack.ts';
import { awsTime } from './machine.ts';
import { network } from './network-of-process.ts';

/** As whoever this terminal is to AWS: there is no mlreg.yaml yet that could say otherwise. */
export const readStack: ReadStack = async ({ function: functionName, region: given, profile }) => {
  const region = given ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
  if (region === undefined || region === '')
    throw new UserError('usage', `in which AWS Region is ${functionName}?`, { mend: '--region eu-west-1' });
  const [{ createClients }, { readExistingStack }, ways] = await Promise.all([
    import('../aws/clients.ts'),
    import('../aws/existing-stack.ts'),
    network(),
  ]);
  const reach = ways === null ? {} : { agent: ways.agent };
  const clients = createClients(
    { region, ...(profile === null ? {} : { profile }), ...reach },
    process.env,
    awsTime,
  );
  return readExistingStack(clients, { function: functionName, region });
};
