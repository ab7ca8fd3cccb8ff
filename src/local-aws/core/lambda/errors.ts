import { AwsError } from '../../wire/aws-error.ts';

/** @throws AwsError PreconditionFailedException where a RevisionId was sent that is not the newest */
export function checkRevision(
  sent: string | undefined,
  current: string,
  what: 'Function' | 'Alias' | 'Policy',
): void {
  if (sent === undefined || sent === current) return;
  throw new AwsError(
    'PreconditionFailedException',
    412,
    `The RevisionId provided does not match the latest RevisionId. Call the Get${what} API to retrieve the latest RevisionId`,
    { members: { Type: 'User' } },
  );
}

/** Words it as Lambda does: an ARN that ends in a name wants an alias, else a function or version. */
export function notFound(arn: string): AwsError {
  const qualifier = /:function:[^:]+:(.+)$/.exec(arn)?.[1];
  const isAlias = qualifier !== undefined && !/^(\d+|\$LATEST)$/.test(qualifier);
  return missing(`${isAlias ? 'Cannot find alias arn' : 'Function not found'}: ${arn}`);
}

export function missing(message: string): AwsError {
  return new AwsError('ResourceNotFoundException', 404, message, { members: { Type: 'User' } });
}

export function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', 400, message, { members: { Type: 'User' } });
}

export function conflict(message: string): AwsError {
  return new AwsError('ResourceConflictException', 409, message, { members: { Type: 'User' } });
}

/** A value that the API model itself rules out. */
export function violates(member: string, value: string, constraint: string): AwsError {
  return new AwsError(
    'ValidationException',
    400,
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ${constraint}`,
  );
}

export function badFunctionName(name: string): AwsError {
  const pattern =
    '(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?';
  return violates('functionName', name, `Member must satisfy regular expression pattern: ${pattern}`);
}
