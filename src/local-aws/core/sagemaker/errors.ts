import { AwsError } from '../../wire/aws-error.ts';

/** SageMaker's one error for nearly everything: bad input, not found, already there, in progress. */
export function validation(message: string): AwsError {
  return new AwsError('ValidationException', 400, message);
}

export function limitExceeded(
  what: string,
  limit: number,
  current: number,
  delta: number,
  unit: string,
): AwsError {
  return new AwsError(
    'ResourceLimitExceeded',
    400,
    `The account-level service limit '${what}' is ${limit} ${unit}, with current utilization of ${current} ${unit} and a request delta of ${delta} ${unit}. Please use AWS Service Quotas to request an increase for this quota. If AWS Service Quotas is not available, contact AWS support to request an increase for this quota.`,
  );
}
