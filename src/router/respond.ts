import { Buffer } from 'node:buffer';
import { refusal, type Answer } from './answers.ts';
import { createAnswerCheck } from './answer-contract.ts';
import type { RouterConfig } from './config.ts';
import type { FailureReason, ModelAnswer } from './invoke.ts';
import type { Placement } from './placement.ts';

/** What a caller gets, and what that counts as. */
export interface Responded {
  readonly answer: Answer;
  /** Why the request failed; undefined where it did not. */
  readonly failure:
    | { readonly why: FailureReason | 'contract'; readonly detail: string; readonly is4xx?: true }
    | undefined;
  /** The model's own status where it called the request bad, 400 to 499. */
  readonly refused: number | undefined;
  /** Whether the model's answer is JSON; undefined where there is none, or its caller did not ask for JSON. */
  readonly isJson?: boolean | undefined;
}

/** Makes the caller's answer of what the model said. An answer that breaks the contract is passed on, and counts as failed. */
export function createRespond(
  config: Pick<RouterConfig, 'tellsArm' | 'tellsVersion' | 'serving'>,
): (said: ModelAnswer, call: Asked, placement: Placement) => Responded {
  const { serving } = config;
  const check = createAnswerCheck(serving.kind === 'sticky' ? serving.route.answers : serving.answers);
  return (said, { requestId, accept }, { name, arm }) => {
    const headers = {
      'x-request-id': requestId,
      ...(config.tellsVersion && { 'x-model-version': arm.version }),
      ...(config.tellsArm && { 'x-mlreg-arm': name }),
    };
    const failed = (why: FailureReason, detail: string, is4xx?: true): Responded => {
      const { status, message, retryAfter } = refusals[why];
      const more = retryAfter === undefined ? headers : { ...headers, 'retry-after': retryAfter };
      return {
        answer: refusal(status, requestId, message, more),
        failure: { why, detail, ...(is4xx && { is4xx }) },
        refused: undefined,
      };
    };
    if (said.kind === 'failed') return failed(said.why, said.detail, said.is4xx);
    const status = said.kind === 'rejected' ? said.status : 200;
    if (said.kind === 'rejected' && said.body.byteLength === 0) {
      const answer = refusal(status, requestId, 'the model refused the request', headers);
      return { answer, failure: undefined, refused: status };
    }
    const answer = passedOn(status, said, headers);
    if (answer === undefined)
      return failed(
        'too-large',
        `the answer has ${said.body.byteLength} bytes, which Lambda does not return`,
      );
    if (said.kind === 'rejected') return { answer, failure: undefined, refused: status };
    const { isJson, broken } = check(said, accept, name);
    const failure = broken === undefined ? undefined : ({ why: 'contract', detail: broken } as const);
    return { answer, failure, refused: undefined, isJson };
  };
}

interface Asked {
  readonly requestId: string;
  readonly accept: string | undefined;
}

/** Lambda returns no more than 6 MB of JSON; with some room for the headers. */
const mostPayload = 6 * 1024 * 1024 - 8 * 1024;
/** JSON spells a character with at most six bytes for one. */
const mostGrowth = 6;

/** Undefined where Lambda would refuse to return it, so that the caller got an error that nobody counts. */
function passedOn(
  statusCode: number,
  { body, contentType }: { readonly body: Uint8Array; readonly contentType: string },
  headers: Answer['headers'],
): Answer | undefined {
  const all = { 'content-type': contentType, ...headers };
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (isText(contentType)) {
    const text = bytes.toString('utf8');
    const fits =
      bytes.length * mostGrowth <= mostPayload || Buffer.byteLength(JSON.stringify(text)) <= mostPayload;
    if (fits) return { statusCode, headers: all, body: text };
  }
  if (Math.ceil(bytes.length / 3) * 4 > mostPayload) return undefined;
  return { statusCode, headers: all, body: bytes.toString('base64'), isBase64Encoded: true };
}

const refusals: Readonly<Record<FailureReason, { status: 502 | 503; message: string; retryAfter?: string }>> =
  {
    model: { status: 502, message: 'the model failed' },
    refused: { status: 502, message: 'the model could not be asked' },
    unavailable: { status: 502, message: 'the model could not be reached' },
    'too-large': { status: 502, message: 'the answer of the model is too large' },
    router: { status: 502, message: 'the request could not be answered' },
    timeout: { status: 503, message: 'the model did not answer in time' },
    throttled: { status: 503, message: 'too many requests for the model', retryAfter: '1' },
    'not-ready': { status: 503, message: 'the model is starting', retryAfter: '5' },
  };

function isText(contentType: string): boolean {
  return contentType.startsWith('application/json') || /^text\/|[/+]json\b|charset=utf-8/i.test(contentType);
}
