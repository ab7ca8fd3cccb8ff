import type { ServiceName } from './messages.ts';

/** An error as AWS answers it. `code` is what the SDK makes `error.name` of. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly status: number;
  /** Members beside the message that the service puts into the body, as `Reason` or `OriginalStatusCode`. */
  readonly members: Readonly<Record<string, unknown>>;
  /** The code of the query protocol where it differs (`InvalidParameterValue` of `InvalidParameterValueException`). */
  readonly queryCode: string;

  constructor(
    code: string,
    status: number,
    message: string,
    more: { readonly members?: Readonly<Record<string, unknown>>; readonly queryCode?: string } = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.members = more.members ?? {};
    this.queryCode = more.queryCode ?? code;
  }

  /** 'Sender' where the caller is to blame, 'Receiver' where the service is. */
  get fault(): 'Sender' | 'Receiver' {
    return this.status >= 500 ? 'Receiver' : 'Sender';
  }
}

/** IAM said no, in the words and with the status of each service. */
export function accessDenied(service: ServiceName, action: string, principal: string): AwsError {
  const message = `User: ${principal} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`;
  switch (service) {
    case 'lambda':
    case 'apigateway':
      return new AwsError('AccessDeniedException', 403, message);
    case 'sagemaker':
    case 'sagemaker-runtime':
    case 'logs':
    case 'ssm':
      return new AwsError('AccessDeniedException', 400, message);
    case 'cloudwatch':
    case 'sts':
      return new AwsError('AccessDenied', 403, message);
    case 'sns':
      return new AwsError('AuthorizationError', 403, message);
    case 's3':
      return new AwsError('AccessDenied', 403, 'Access Denied');
  }
}

/** The session token is missing or not ours. */
export function unrecognizedClient(service: ServiceName): AwsError {
  const message = 'The security token included in the request is invalid.';
  switch (service) {
    case 'sns':
    case 'sts':
      return new AwsError('InvalidClientTokenId', 403, message);
    case 's3':
      return new AwsError(
        'InvalidAccessKeyId',
        403,
        'The AWS Access Key Id you provided does not exist in our records.',
      );
    case 'cloudwatch':
      return new AwsError('UnrecognizedClientException', 403, message, { queryCode: 'InvalidClientTokenId' });
    case 'lambda':
    case 'apigateway':
    case 'sagemaker':
    case 'sagemaker-runtime':
      return new AwsError('UnrecognizedClientException', 403, message);
    case 'logs':
    case 'ssm':
      return new AwsError('UnrecognizedClientException', 400, message);
  }
}

const s3ToleranceMs = 15 * 60_000;
const toleranceMs = 5 * 60_000;

/**
 * The request was signed at another time than now: AWS's guard against one that is sent again. null where the times agree.
 * @param signedAt, now milliseconds
 */
export function signedAtAnotherTime(service: ServiceName, signedAt: number, now: number): AwsError | null {
  const tolerance = service === 's3' ? s3ToleranceMs : toleranceMs;
  if (Math.abs(now - signedAt) <= tolerance) return null;
  if (service === 's3')
    return new AwsError(
      'RequestTimeTooSkewed',
      403,
      'The difference between the request time and the current time is too large.',
    );
  const bound = signedAt < now ? now - tolerance : now + tolerance;
  const [what, than, sign] =
    signedAt < now
      ? (['Signature expired', 'is now earlier than', '-'] as const)
      : (['Signature not yet current', 'is still later than', '+'] as const);
  const message = `${what}: ${basicTime(signedAt)} ${than} ${basicTime(bound)} (${basicTime(now)} ${sign} 5 min.)`;
  switch (service) {
    case 'sns':
    case 'sts':
      return new AwsError('SignatureDoesNotMatch', 403, message);
    case 'cloudwatch':
      return new AwsError('InvalidSignatureException', 403, message, { queryCode: 'SignatureDoesNotMatch' });
    case 'logs':
    case 'ssm':
      return new AwsError('InvalidSignatureException', 400, message);
    case 'lambda':
    case 'apigateway':
    case 'sagemaker':
    case 'sagemaker-runtime':
      return new AwsError('InvalidSignatureException', 403, message);
  }
}

/** As `20261130T120000Z`. */
const basicTime = (at: number): string => new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');

/** Too many requests for the service's own API (not for a function or an endpoint). */
export function throttled(service: ServiceName): AwsError {
  switch (service) {
    case 'lambda':
      return new AwsError('TooManyRequestsException', 429, 'Rate exceeded', {
        members: { Type: 'User', Reason: 'CallerRateLimitExceeded' },
      });
    case 'apigateway':
      return new AwsError('TooManyRequestsException', 429, 'Too Many Requests');
    case 'sagemaker':
    case 'sagemaker-runtime':
    case 'logs':
    case 'ssm':
      return new AwsError('ThrottlingException', 400, 'Rate exceeded');
    case 'cloudwatch':
    case 'sts':
      return new AwsError('Throttling', 400, 'Rate exceeded');
    case 'sns':
      return new AwsError('Throttled', 429, 'Rate exceeded');
    case 's3':
      return new AwsError('SlowDown', 503, 'Please reduce your request rate.');
  }
}

/** The service broke, as far as the caller can tell. */
export function serviceFailure(service: ServiceName, message: string): AwsError {
  switch (service) {
    case 'lambda':
      return new AwsError('ServiceException', 500, message, { members: { Type: 'Service' } });
    case 'cloudwatch':
      return new AwsError('InternalServiceFault', 500, message, { queryCode: 'InternalServiceError' });
    case 'sns':
      return new AwsError('InternalError', 500, message);
    case 's3':
      return new AwsError('InternalError', 500, message);
    case 'apigateway':
      return new AwsError('InternalServerErrorException', 500, message);
    case 'sagemaker':
    case 'sts':
      return new AwsError('InternalFailure', 500, message);
    case 'sagemaker-runtime':
      return new AwsError('InternalFailure', 500, message);
    case 'logs':
      return new AwsError('ServiceUnavailableException', 500, message);
    case 'ssm':
      return new AwsError('InternalServerError', 500, message);
  }
}
