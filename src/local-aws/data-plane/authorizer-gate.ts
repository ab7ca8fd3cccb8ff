import type { GatewayView, LocalClock, RouteAuthorizer } from '../seams.ts';

/** `allowed`, or the status that the gateway answers by itself. */
export type Admission = 'allowed' | 401 | 403 | 500;

interface Event {
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext: { readonly accountId: string; readonly apiId: string; readonly stage: string };
}

/** Entries are dropped once there are so many: what callers send must not fill the memory. */
const mostCached = 10_000;

/**
 * Asks a route's Lambda authorizer, as an HTTP API does: a request without an identity source is 401 and asks nobody, a
 * refusal is 403, an authorizer that fails or answers anything else is 500. Answers are cached by the identity sources.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 */
export function createAuthorizerGate(
  view: Pick<GatewayView, 'invoke'>,
  clock: Pick<LocalClock, 'now'>,
): (authorizer: RouteAuthorizer, eventText: string) => Promise<Admission> {
  const cached = new Map<string, { readonly admission: Admission; readonly until: number }>();
  return async (authorizer, eventText) => {
    const event = JSON.parse(eventText) as Event;
    const identity = authorizer.headers.map((name) => event.headers[name]);
    if (identity.some((value) => value === undefined || value === '')) return 401;
    const key = JSON.stringify([authorizer.id, identity]);
    const known = cached.get(key);
    if (known !== undefined && clock.now() < known.until) return known.admission;
    const admission = await ask(view, authorizer, event, identity as string[]);
    if (authorizer.resultTtlMs > 0 && admission !== 500) {
      if (cached.size >= mostCached) cached.clear();
      cached.set(key, { admission, until: clock.now() + authorizer.resultTtlMs });
    }
    return admission;
  };
}

async function ask(
  view: Pick<GatewayView, 'invoke'>,
  { functionArn }: RouteAuthorizer,
  event: Event,
  identitySource: readonly string[],
): Promise<Admission> {
  const {
    body: _body,
    isBase64Encoded: _encoded,
    ...request
  } = event as Event & {
    readonly body?: string;
    readonly isBase64Encoded?: boolean;
  };
  const reply = await view.invoke(
    functionArn,
    JSON.stringify({ ...request, type: 'REQUEST', identitySource }),
  );
  if (reply.kind !== 'ok' || reply.result.functionError !== undefined) return 500;
  const answer = JSON.parse(reply.result.payload) as { readonly isAuthorized?: unknown } | null;
  if (typeof answer?.isAuthorized !== 'boolean') return 500;
  return answer.isAuthorized ? 'allowed' : 403;
}
