import { quotable } from '../domain/aws-words.ts';
import { PlatformError, type PlatformFailure } from '../ports/platform.ts';

/** What was tried. */
export interface Attempt {
  /** The IAM action, which is the API's name nearly everywhere: `lambda:UpdateAlias`. */
  readonly action: string;
  /** For people: `alias live of recommendation-inference-prod`. */
  readonly resource: string;
}

/** What AWS's answer means, finer than a PlatformFailure: adapters act upon some of these themselves. */
export type Fault =
  | 'denied'
  | 'credentials'
  | 'throttled'
  | 'missing'
  /** Something of that name is there already. */
  | 'exists'
  /** Under way: a deployment, an update. Nothing was changed, and later it may be. */
  | 'busy'
  /** The RevisionId is not the newest. */
  | 'precondition'
  | 'quota'
  | 'refused'
  /** Nobody listens there: the request was never sent. */
  | 'unreachable'
  /** No answer, or one that says nothing about what happened. */
  | 'unknown';

/** @throws PlatformError for whatever the SDK throws */
export async function attempt<T>(what: Attempt, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw toPlatformError(error, what);
  }
}

export function toPlatformError(error: unknown, what: Attempt): PlatformError {
  if (error instanceof PlatformError) return error;
  const failure = new PlatformError(failureOf(faultOf(error), error, what));
  answers.set(failure, error);
  return failure;
}

/** Not a `cause`: whoever prints an error prints its causes, and AWS's words may hold any variable's value. */
const answers = new WeakMap<PlatformError, unknown>();

/** What the SDK threw, for adapters that act upon its name or its members. Never to be shown or kept. */
export const answerOf = (error: unknown): unknown =>
  error instanceof PlatformError ? answers.get(error) : undefined;

/** By name and status only; by words only where SageMaker has one name for everything, and unknown words mean refused. */
export function faultOf(thrown: unknown): Fault {
  const error = errorOf(thrown instanceof PlatformError ? (answerOf(thrown) ?? thrown.cause) : thrown);
  const { name, status } = error;
  if (isUnreachable(error)) return 'unreachable';
  if (credentials.has(name) || status === 401) return 'credentials';
  if (/AccessDenied/.test(name) || denied.has(name)) return 'denied';
  if (throttles.has(name) || status === 429) return 'throttled';
  if (timeouts.has(name)) return 'unknown';
  if (quotas.has(name)) return 'quota';
  if (missing.has(name)) return 'missing';
  if (name === 'PreconditionFailedException' || status === 412) return 'precondition';
  if (busy.has(name)) return 'busy';
  // SageMaker: one name for bad input, not found, already there and in progress.
  if (name === 'ValidationException' || name === 'ValidationError') return byWords(error.message);
  if (status === 403) return 'denied';
  return status !== undefined && status >= 400 && status < 500 ? 'refused' : 'unknown';
}

const credentials = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'TokenRefreshRequired',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidAccessKeyId',
  'InvalidToken',
  'InvalidIdentityToken',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'RequestExpired',
  'RequestTimeTooSkewed',
  'CredentialsProviderError',
  'TokenProviderError',
]);
const denied = new Set([
  'NotAuthorized',
  'AuthorizationError',
  'AuthorizationErrorException',
  'UnauthorizedOperation',
  'Forbidden',
]);
const throttles = new Set([
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'Throttled',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'ProvisionedThroughputExceededException',
  'BandwidthLimitExceeded',
  'SlowDown',
  'ModelNotReadyException',
  'TransactionConflictException',
  'TransactionInProgressException',
]);
const timeouts = new Set(['TimeoutError', 'RequestTimeout', 'RequestTimeoutException', 'AbortError']);
const quotas = new Set([
  'ResourceLimitExceeded',
  'LimitExceededException',
  'ServiceQuotaExceededException',
  'CodeStorageExceededException',
]);
const missing = new Set([
  'ResourceNotFoundException',
  'ProvisionedConcurrencyConfigNotFoundException',
  'ParameterNotFound',
  'ResourceNotFound',
  'NotFoundException',
  'NotFound',
  'NoSuchKey',
  'NoSuchBucket',
]);
const busy = new Set([
  'ResourceConflictException',
  'ResourceInUseException',
  'ResourceInUse',
  'ConflictException',
]);

function byWords(message: string): Fault {
  if (/^Could not find /i.test(message) || /^Endpoint \S+ of account \d+ not found/.test(message))
    return 'missing';
  if (/^Cannot create already existing /.test(message)) return 'exists';
  if (/\bin[- ]progress\b/i.test(message)) return 'busy';
  return 'refused';
}

interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly address: string | undefined;
  /** AWS's id of the request. */
  readonly requestId: string | undefined;
}

const nothing: SdkError = {
  name: '',
  message: '',
  status: undefined,
  code: undefined,
  address: undefined,
  requestId: undefined,
};

/** The SDK's errors carry `$metadata`; Node's carry `code`, and several addresses tried are an AggregateError. */
function errorOf(thrown: unknown): SdkError {
  if (!(thrown instanceof Error)) {
    return { ...nothing, message: String(thrown) };
  }
  const error = thrown as Error & {
    readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: unknown };
    readonly $response?: { readonly statusCode?: number };
    readonly code?: unknown;
    readonly address?: unknown;
    readonly errors?: readonly { readonly address?: unknown }[];
  };
  const address = error.address ?? error.errors?.[0]?.address;
  return {
    name: error.name,
    message: error.message,
    status: error.$metadata?.httpStatusCode ?? error.$response?.statusCode,
    code: typeof error.code === 'string' ? error.code : undefined,
    address: typeof address === 'string' ? address : undefined,
    requestId: typeof error.$metadata?.requestId === 'string' ? error.$metadata.requestId : undefined,
  };
}

function isUnreachable({ code, status }: SdkError): boolean {
  return status === undefined && (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN');
}

function failureOf(fault: Fault, thrown: unknown, { action, resource }: Attempt): PlatformFailure {
  const error = errorOf(thrown);
  const said = saying(error);
  const tried = `${action} on ${resource}`;
  switch (fault) {
    case 'denied':
      return {
        kind: 'denied',
        action,
        message: `${tried} was denied: ${said}. Allow ${action} for this identity on ${resource}`,
      };
    case 'credentials':
      return {
        kind: 'credentials',
        message: `${tried}: AWS does not accept the credentials: ${said}. Sign in again (aws sso login), or mend AWS_PROFILE or the keys in the environment`,
      };
    case 'throttled':
      return { kind: 'throttled', message: `${tried} was throttled: ${said}` };
    case 'busy':
      return { kind: 'throttled', message: `${tried} must wait: ${said}` };
    case 'precondition':
      return { kind: 'throttled', message: `${tried}: somebody else changed it meanwhile: ${said}` };
    case 'missing':
      return { kind: 'missing', message: `${tried}: there is none: ${said}` };
    case 'quota':
      return {
        kind: 'refused',
        message: `${tried}: an AWS quota is used up: ${said}. Retire versions that nobody needs (mlreg gc), or ask for more in Service Quotas`,
      };
    case 'exists':
    case 'refused':
      return { kind: 'refused', message: `${tried} was refused: ${said}` };
    case 'unreachable':
      return { kind: 'unknown', message: unreachable(tried, error) };
    case 'unknown':
      return { kind: 'unknown', message: `${tried} was not answered: ${said}` };
  }
}

function unreachable(tried: string, { code, address, message }: SdkError): string {
  const loopback = code === 'ECONNREFUSED' && (/^127\./.test(address ?? '') || address === '::1');
  if (loopback) return `${tried}: local AWS is not running. Start it with: mlreg local up`;
  return `${tried}: AWS can't be reached: ${quotable(message) ?? code ?? 'no reason given'}`;
}

/**
 * The error's name, and of its text what is known to hold no value. Where the text is left out, the id by which AWS's own
 * records (CloudTrail) have it. One line without a full stop at its end.
 */
function saying({ name, message, status, code, requestId }: SdkError): string {
  // The SDK calls an answer of which it knows nothing Unknown: its status says more.
  const isNameless = ['', 'Error', 'Unknown', 'UnknownError'].includes(name);
  const known = codeOnly(isNameless ? (code ?? '') : name);
  const head = known !== '' ? known : status === undefined ? '' : `status ${status}`;
  const text = message.trim();
  if (['', 'Unknown', 'UnknownError', known].includes(text)) return head || 'no reason given';
  const words = quotable(text) ?? withheld(requestId);
  return [head, words].filter((part) => part !== '').join(': ');
}

/** Proxies, too, send names. */
const codeOnly = (text: string): string => (/^[A-Za-z][\w.#-]{0,80}$/.test(text) ? text : '');

function withheld(requestId: string | undefined): string {
  const id = requestId !== undefined && /^[\w-]{8,64}$/.test(requestId) ? `, request ${requestId}` : '';
  return `its text is not shown, for it may hold values of variables${id}`;
}
