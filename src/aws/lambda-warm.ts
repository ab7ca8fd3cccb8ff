import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { type Platform, PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';

/** While one is held, the next invocation needs an environment of its own. */
const holdMs = 200;
/** A cold environment may take its time; nobody waits for it but mlreg. */
const requestTimeoutMs = 30_000;

export function createLambdaWarm(options: {
  readonly clients: Clients;
  readonly functionName: string;
}): Pick<Platform, 'warm'> {
  const { clients, functionName } = options;
  const warmOne = async (functionVersion: string): Promise<boolean> => {
    const lambda = clients.of(LambdaClient, { maxAttempts: 1, requestTimeoutMs });
    const resource = `version ${functionVersion} of function ${functionName}`;
    try {
      const answer = await attempt({ action: 'lambda:InvokeFunction', resource }, () =>
        lambda.send(
          new InvokeCommand({
            FunctionName: functionName,
            Qualifier: functionVersion,
            Payload: Buffer.from(JSON.stringify({ mlreg: 'warm', holdMs })),
          }),
        ),
      );
      return answer.FunctionError === undefined;
    } catch (error) {
      // One that is throttled or lost is one less; a missing permission or version is a mistake in all of them.
      const passing = error instanceof PlatformError && ['throttled', 'unknown'].includes(error.failure.kind);
      if (!passing) throw error;
      return false;
    }
  };
  return {
    /** Environments that answered: as many as were asked for, or fewer. */
    async warm(functionVersion, environments) {
      const answers = await Promise.all(Array.from({ length: environments }, () => warmOne(functionVersion)));
      return answers.filter((answered) => answered).length;
    },
  };
}
