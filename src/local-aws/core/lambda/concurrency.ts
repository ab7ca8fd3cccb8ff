import { z } from 'zod';
import { functionArn } from '../arn.ts';
import { parseInput, wireInteger } from '../input.ts';
import { answer, type Operations } from '../operation.ts';
import { AwsError } from '../../wire/aws-error.ts';
import { invalid, missing } from './errors.ts';
import type { EventInvokeConfig, FunctionState } from './function-state.ts';
import { parseReference, type FunctionRegistry } from './registry.ts';

/** Reserved and provisioned concurrency, and how asynchronous invocations are retried. */
export function concurrencyOperations(registry: FunctionRegistry): Operations {
  const { account } = registry;
  const locate = (input: { FunctionName: string; Qualifier?: string | undefined }) => {
    const { name, qualifier } = parseReference(account, input.FunctionName, input.Qualifier);
    const fn = registry.find(name);
    if (qualifier !== undefined) registry.configOf(fn, qualifier);
    return { fn, qualifier };
  };
  return {
    PutFunctionConcurrency(call) {
      const input = parseInput(reservedInput, call.input, 'ValidationException');
      const { fn } = locate(input);
      const others = [...registry.functions.values()].filter((each) => each !== fn);
      const reserved = others.reduce((sum, { reservedConcurrency }) => sum + (reservedConcurrency ?? 0), 0);
      const left = account.settings.accountConcurrency - reserved - input.ReservedConcurrentExecutions;
      if (left < LEAST_UNRESERVED) {
        throw invalid(
          `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${LEAST_UNRESERVED}].`,
        );
      }
      fn.reservedConcurrency = input.ReservedConcurrentExecutions;
      account.changed();
      return answer({ ReservedConcurrentExecutions: fn.reservedConcurrency });
    },
    GetAccountSettings() {
      const reserved = [...registry.functions.values()].reduce(
        (sum, { reservedConcurrency }) => sum + (reservedConcurrency ?? 0),
        0,
      );
      const { accountConcurrency } = account.settings;
      return answer({
        AccountLimit: {
          ConcurrentExecutions: accountConcurrency,
          UnreservedConcurrentExecutions: accountConcurrency - reserved,
        },
        AccountUsage: { FunctionCount: registry.functions.size },
      });
    },
    GetFunctionConcurrency(call) {
      const { fn } = locate(parseInput(locateInput, call.input, 'ValidationException'));
      const reserved = fn.reservedConcurrency;
      return answer(reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved });
    },
    DeleteFunctionConcurrency(call) {
      const { fn } = locate(parseInput(locateInput, call.input, 'ValidationException'));
      fn.reservedConcurrency = undefined;
      account.changed();
      return answer(undefined, 204);
    },
    PutProvisionedConcurrencyConfig(call) {
      const input = parseInput(provisionedInput, call.input, 'ValidationException');
      const { fn, qualifier } = locate(input);
      if (qualifier === undefined || qualifier === '$LATEST') {
        throw invalid('Provisioned Concurrency Configs cannot be applied to unpublished function versions.');
      }
      if (Object.keys(fn.aliases.get(qualifier)?.weights ?? {}).length > 0) {
        throw invalid('Alias with weights can not be used with Provisioned Concurrency');
      }
      const requested = input.ProvisionedConcurrentExecutions;
      fn.provisioned.set(qualifier, { requested, lastModifiedAt: account.clock.now() });
      account.changed();
      return answer(provisionedDocument(fn, qualifier), 202);
    },
    GetProvisionedConcurrencyConfig(call) {
      const { fn, qualifier } = locate(parseInput(locateInput, call.input, 'ValidationException'));
      return answer(provisionedDocument(fn, qualifier ?? ''));
    },
    DeleteProvisionedConcurrencyConfig(call) {
      const { fn, qualifier } = locate(parseInput(locateInput, call.input, 'ValidationException'));
      fn.provisioned.delete(qualifier ?? '');
      account.changed();
      return answer(undefined, 204);
    },
    PutFunctionEventInvokeConfig(call) {
      const input = parseInput(eventInput, call.input, 'ValidationException');
      const { fn, qualifier } = locate(input);
      const config: EventInvokeConfig = {
        maximumRetryAttempts: input.MaximumRetryAttempts,
        maximumEventAgeInSeconds: input.MaximumEventAgeInSeconds,
        destinationConfig: input.DestinationConfig,
        lastModifiedAt: account.clock.now(),
      };
      fn.eventInvokes.set(qualifier ?? '$LATEST', config);
      account.changed();
      return answer(eventDocument(functionArn(account, fn.name, qualifier ?? '$LATEST'), config));
    },
    GetFunctionEventInvokeConfig(call) {
      const { fn, qualifier } = locate(parseInput(locateInput, call.input, 'ValidationException'));
      const arn = functionArn(account, fn.name, qualifier ?? '$LATEST');
      const config = fn.eventInvokes.get(qualifier ?? '$LATEST');
      if (config === undefined) throw missing(`The function ${arn} doesn't have an EventInvokeConfig`);
      return answer(eventDocument(arn, config));
    },
    DeleteFunctionEventInvokeConfig(call) {
      const { fn, qualifier } = locate(parseInput(locateInput, call.input, 'ValidationException'));
      fn.eventInvokes.delete(qualifier ?? '$LATEST');
      account.changed();
      return answer(undefined, 204);
    },
  };
}

/** Lambda keeps as much of the account's concurrency for functions that reserve none. */
const LEAST_UNRESERVED = 100;

const locateInput = z.object({ FunctionName: z.string(), Qualifier: z.string().min(1).max(128).optional() });
const reservedInput = locateInput.extend({
  ReservedConcurrentExecutions: wireInteger.pipe(z.number().min(0)),
});
const provisionedInput = locateInput.extend({
  ProvisionedConcurrentExecutions: wireInteger.pipe(z.number().min(1)),
});
const eventInput = locateInput.extend({
  MaximumRetryAttempts: wireInteger.pipe(z.number().min(0).max(2)).default(2),
  MaximumEventAgeInSeconds: wireInteger.pipe(z.number().min(60).max(21600)).default(21600),
  DestinationConfig: z.looseObject({}).default({}),
});

function provisionedDocument(fn: FunctionState, qualifier: string): object {
  const isMoving = fn.aliases.get(qualifier)?.movingUntil !== undefined;
  const found = fn.provisioned.get(qualifier);
  if (found === undefined) {
    const message = 'No Provisioned Concurrency Config found for this function';
    throw new AwsError('ProvisionedConcurrencyConfigNotFoundException', 404, message, {
      members: { Type: 'User' },
    });
  }
  return {
    RequestedProvisionedConcurrentExecutions: found.requested,
    AvailableProvisionedConcurrentExecutions: isMoving ? 0 : found.requested,
    AllocatedProvisionedConcurrentExecutions: isMoving ? 0 : found.requested,
    Status: isMoving ? 'IN_PROGRESS' : 'READY',
    LastModified: new Date(found.lastModifiedAt).toISOString().replace('Z', '+0000'),
  };
}

function eventDocument(arn: string, config: EventInvokeConfig): object {
  return {
    LastModified: new Date(config.lastModifiedAt),
    FunctionArn: arn,
    MaximumRetryAttempts: config.maximumRetryAttempts,
    MaximumEventAgeInSeconds: config.maximumEventAgeInSeconds,
    DestinationConfig: config.destinationConfig,
  };
}
