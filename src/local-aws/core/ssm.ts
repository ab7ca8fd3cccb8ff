import { z } from 'zod';
import { AwsError } from '../wire/aws-error.ts';
import type { Account } from './account.ts';
import { matching, parseInput } from './input.ts';
import { answer, type Operations } from './operation.ts';

export interface Parameter {
  readonly name: string;
  readonly type: 'String' | 'StringList' | 'SecureString';
  readonly value: string;
  /** 1 at first, one more at each write. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

/** The Parameter Store, standard tier. */
export function ssmOperations(account: Account, parameters: Map<string, Parameter>): Operations {
  const prefix = `arn:aws:ssm:${account.region}:${account.accountId}:parameter`;
  const arnOf = (name: string): string => `${prefix}${name.startsWith('/') ? '' : '/'}${name}`;
  const find = (given: string): Parameter => {
    const { name, version } = referenceOf(given, prefix, parameters);
    const found = parameters.get(name);
    // AWS says no more than this, so that names cannot be probed by its messages.
    if (found === undefined) throw new AwsError('ParameterNotFound', 400, '');
    if (version === undefined || version === String(found.version)) return found;
    throw new AwsError(
      'ParameterVersionNotFound',
      400,
      `Systems Manager could not find version ${version} of ${name}.`,
    );
  };
  return {
    GetParameter(call) {
      const { Name, WithDecryption } = parseInput(getInput, call.input, 'ValidationException');
      const { name, type, value, version, modifiedAt } = find(Name);
      const isSealed = type === 'SecureString' && !WithDecryption;
      return answer({
        Parameter: {
          ARN: arnOf(name),
          DataType: 'text',
          LastModifiedDate: new Date(modifiedAt),
          Name: name,
          Type: type,
          Value: isSealed ? Buffer.from(`sealed:${value}`).toString('base64') : value,
          Version: version,
        },
      });
    },
    PutParameter(call) {
      const { Name, Value, Type, Overwrite } = parseInput(putInput, call.input, 'ValidationException');
      const before = parameters.get(Name);
      if (before !== undefined && !Overwrite) {
        const message =
          'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.';
        throw new AwsError('ParameterAlreadyExists', 400, message);
      }
      const type = Type ?? before?.type;
      if (type === undefined) {
        throw new AwsError(
          'ValidationException',
          400,
          'A parameter type is required when you create a parameter.',
        );
      }
      const version = (before?.version ?? 0) + 1;
      parameters.set(Name, { name: Name, type, value: Value, version, modifiedAt: account.clock.now() });
      account.changed();
      return answer({ Tier: 'Standard', Version: version });
    },
    DeleteParameter(call) {
      parameters.delete(find(parseInput(getInput, call.input, 'ValidationException').Name).name);
      account.changed();
      return answer();
    },
  };
}

/** `NAME`, `NAME:VERSION` or the ARN of either. */
function referenceOf(
  given: string,
  prefix: string,
  parameters: ReadonlyMap<string, Parameter>,
): { readonly name: string; readonly version: string | undefined } {
  const path = given.startsWith(`${prefix}/`) ? given.slice(prefix.length) : given;
  const [, name = path, version] = /^([^:]*):(\d+)$/.exec(path) ?? [];
  // The ARN of `keys` is `parameter/keys`, as that of `/keys` would be.
  const isPlain = path !== given && !parameters.has(name) && parameters.has(name.slice(1));
  return { name: isPlain ? name.slice(1) : name, version };
}

const getInput = z.object({ Name: z.string().min(1).max(2048), WithDecryption: z.boolean().default(false) });
const putInput = z.object({
  Name: matching(/^\/?[a-zA-Z0-9_.-]+(\/[a-zA-Z0-9_.-]+)*$/).max(1011),
  // 4 KB in the standard tier.
  Value: z.string().min(1).max(4096),
  Type: z.enum(['String', 'StringList', 'SecureString']).optional(),
  Overwrite: z.boolean().default(false),
});
