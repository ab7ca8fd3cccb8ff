import { z } from 'zod';
import type { Account } from '../account.ts';
import { sageMakerArn } from '../arn.ts';
import { matching, parseInput, wireBoolean } from '../input.ts';
import { answer, page, type Operations } from '../operation.ts';
import { validation } from './errors.ts';
import { listed, listInput, modelName, tagsInput } from './names.ts';
import type { Model, SageMakerState } from './sagemaker-state.ts';
import { setTags } from './tags.ts';

export function modelOperations(account: Account, state: SageMakerState): Operations {
  const arnOf = (name: string) => sageMakerArn(account, 'model', name);
  const find = (input: unknown): Model => {
    const { ModelName } = parseInput(nameInput, input, 'ValidationException');
    const model = state.models.get(ModelName);
    if (model === undefined) throw validation(`Could not find model "${arnOf(ModelName)}".`);
    return model;
  };
  return {
    CreateModel(call) {
      const input = parseInput(createInput, call.input, 'ValidationException');
      const name = input.ModelName;
      if (state.models.has(name)) throw validation(`Cannot create already existing model "${arnOf(name)}".`);
      const container = input.PrimaryContainer ?? input.Containers?.[0];
      if (container === undefined)
        throw validation('Exactly one of PrimaryContainer and Containers must be specified.');
      if ((input.Containers?.length ?? 0) > 1)
        throw validation('Local AWS runs models of one container only.');
      const modelDataUrl = container.ModelDataUrl ?? container.ModelDataSource?.S3DataSource?.S3Uri;
      state.models.set(name, {
        name,
        image: container.Image,
        modelDataUrl,
        environment: container.Environment ?? {},
        executionRoleArn: input.ExecutionRoleArn,
        createdAt: account.clock.now(),
      });
      setTags(state, arnOf(name), input.Tags);
      account.changed();
      return answer({ ModelArn: arnOf(name) });
    },
    DescribeModel(call) {
      const model = find(call.input);
      return answer({
        ModelName: model.name,
        PrimaryContainer: {
          Image: model.image,
          Mode: 'SingleModel',
          ...(model.modelDataUrl === undefined ? {} : { ModelDataUrl: model.modelDataUrl }),
          Environment: model.environment,
        },
        ExecutionRoleArn: model.executionRoleArn,
        CreationTime: new Date(model.createdAt),
        ModelArn: arnOf(model.name),
        EnableNetworkIsolation: false,
      });
    },
    DeleteModel(call) {
      const model = find(call.input);
      state.models.delete(model.name);
      state.tags.delete(arnOf(model.name));
      account.changed();
      return answer();
    },
    ListModels(call) {
      const input = parseInput(listInput, call.input, 'ValidationException');
      const { items, next } = page(listed(state.models.values(), input), input.NextToken, input.MaxResults);
      return answer({
        Models: items.map((model) => ({
          ModelName: model.name,
          ModelArn: arnOf(model.name),
          CreationTime: new Date(model.createdAt),
        })),
        ...(next === undefined ? {} : { NextToken: next }),
      });
    },
  };
}

const nameInput = z.object({ ModelName: modelName });

const containerInput = z.object({
  // A program of this machine is named by its path and arguments, which AWS's 255 characters may not hold.
  Image: matching(/^(local:\S{1,4000}|\S{1,255})$/),
  /** `file:` is local AWS's own addition. */
  ModelDataUrl: matching(/^((https|s3|file):\/\/([^/]*)\/?(.*))$/)
    .max(1024)
    .optional(),
  ModelDataSource: z.object({ S3DataSource: z.object({ S3Uri: z.string() }).optional() }).optional(),
  Mode: z.enum(['SingleModel']).optional(),
  Environment: z
    .record(
      matching(/^[a-zA-Z_][a-zA-Z0-9_]*$/).max(1024),
      z.string().max(1024, 'Member must have length less than or equal to 1024'),
    )
    .optional(),
});

const createInput = nameInput.extend({
  PrimaryContainer: containerInput.optional(),
  Containers: z.array(containerInput).optional(),
  ExecutionRoleArn: matching(/^arn:aws[a-z-]*:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+$/).optional(),
  Tags: tagsInput,
  EnableNetworkIsolation: wireBoolean.optional(),
});
