import { z } from 'zod';
import type { Account } from '../account.ts';
import { parseInput } from '../input.ts';
import { answer, type Operations } from '../operation.ts';
import { validation } from './errors.ts';
import { tagsInput } from './names.ts';
import type { SageMakerState } from './sagemaker-state.ts';

export function tagOperations(account: Account, state: SageMakerState): Operations {
  const tagsOf = (arn: string) => {
    const tags = state.tags.get(arn);
    if (tags === undefined) throw validation(`Could not find resource "${arn}".`);
    return [...tags].map(([Key, Value]) => ({ Key, Value }));
  };
  return {
    AddTags(call) {
      const { ResourceArn, Tags } = parseInput(addInput, call.input, 'ValidationException');
      tagsOf(ResourceArn);
      setTags(state, ResourceArn, Tags);
      account.changed();
      return answer({ Tags: tagsOf(ResourceArn) });
    },
    ListTags(call) {
      const { ResourceArn } = parseInput(
        addInput.pick({ ResourceArn: true }),
        call.input,
        'ValidationException',
      );
      return answer({ Tags: tagsOf(ResourceArn) });
    },
    DeleteTags(call) {
      const { ResourceArn, TagKeys } = parseInput(deleteInput, call.input, 'ValidationException');
      tagsOf(ResourceArn);
      TagKeys.forEach((key) => state.tags.get(ResourceArn)?.delete(key));
      account.changed();
      return answer({});
    },
  };
}

/** Adds tags to a resource; every resource has an entry, if an empty one. */
export function setTags(
  state: SageMakerState,
  arn: string,
  tags: readonly { Key: string; Value: string }[],
): void {
  const known = state.tags.get(arn) ?? new Map<string, string>();
  state.tags.set(arn, known);
  for (const { Key, Value } of tags) known.set(Key, Value);
}

const addInput = z.object({ ResourceArn: z.string(), Tags: tagsInput });
const deleteInput = z.object({ ResourceArn: z.string(), TagKeys: z.array(z.string()) });
