import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Dispatcher } from '../ports/dispatcher.ts';
import type { Clients } from './clients.ts';
import { answerOf, attempt } from './errors.ts';
import { identity } from './identity.ts';

/** The rollout controller's state machine: one execution for each period in which the controller owns a rollout. */
export function createDispatcher(options: {
  readonly clients: Clients;
  /** Name, of this account and Region, or ARN. */
  readonly stateMachine: string;
  readonly environment: string;
  readonly model: string;
}): Dispatcher {
  const { clients, stateMachine, environment, model } = options;
  let arn: Promise<string> | undefined;
  return {
    name: `the rollout controller (${stateMachine.split(':').at(-1)})`,
    async dispatch(rollout, token) {
      arn ??= arnOf(clients, stateMachine);
      const stateMachineArn = await arn.catch((error: unknown) => {
        arn = undefined;
        throw error;
      });
      const sfn = clients.of(SFNClient);
      try {
        await attempt({ action: 'states:StartExecution', resource: `state machine ${stateMachine}` }, () =>
          sfn.send(
            new StartExecutionCommand({
              stateMachineArn,
              name: `${rollout}-${token}`,
              input: JSON.stringify({ kind: 'lap', environment, model, rollout, lap: 0 }),
            }),
          ),
        );
      } catch (error) {
        if (!alreadyThere(error)) throw error;
      }
    },
  };
}

function alreadyThere(error: unknown): boolean {
  const answer = answerOf(error);
  return answer instanceof Error && answer.name === 'ExecutionAlreadyExists';
}

async function arnOf(clients: Clients, stateMachine: string): Promise<string> {
  if (stateMachine.startsWith('arn:')) return stateMachine;
  const { account, arn } = await identity(clients);
  return `arn:${arn.split(':')[1] ?? 'aws'}:states:${clients.region}:${account}:stateMachine:${stateMachine}`;
}
