import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import type { RouterCode } from '../ports/index.ts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';

/** A cold start, and nobody waits for it but mlreg. */
const requestTimeoutMs = 30_000;

/**
 * Asks the code in $LATEST, which is what the next rollout publishes, what it understands. It answers without a route and
 * without any configuration. An older router fails on the question, so a function error means: nothing.
 */
export function createRouterCode({
  clients,
  functionName,
}: {
  readonly clients: Clients;
  readonly functionName: string;
}): RouterCode {
  return {
    async understands() {
      const lambda = clients.of(LambdaClient, { maxAttempts: 3, requestTimeoutMs });
      const resource = `$LATEST of function ${functionName}`;
      const { Payload, FunctionError } = await attempt({ action: 'lambda:InvokeFunction', resource }, () =>
        lambda.send(
          new InvokeCommand({
            FunctionName: functionName,
            Qualifier: '$LATEST',
            Payload: Buffer.from(JSON.stringify({ mlreg: 'describe' })),
          }),
        ),
      );
      return FunctionError === undefined ? understoodIn(Payload) : [];
    },
  };
}

const descriptionSchema = z.object({ router: z.literal('mlreg'), understands: z.array(z.string()) });

function understoodIn(payload: Uint8Array | undefined): readonly string[] {
  try {
    const answer = descriptionSchema.safeParse(JSON.parse(new TextDecoder().decode(payload)));
    return answer.success ? answer.data.understands : [];
  } catch {
    return [];
  }
}
