/** API Gateway's result, payload format 2.0. */
export interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded?: true;
}

type Headers = Readonly<Record<string, string>>;

export function json(statusCode: number, requestId: string, value: unknown, headers: Headers = {}): Answer {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', 'x-request-id': requestId, ...headers },
    body: JSON.stringify(value),
  };
}

/** `{message, requestId}`, and nothing of what went wrong inside. */
export function refusal(statusCode: number, requestId: string, message: string, headers?: Headers): Answer {
  return json(statusCode, requestId, { message, requestId }, headers);
}
