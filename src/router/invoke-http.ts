import { classify, failed } from './classify.ts';
import type { Environment } from './environment.ts';
import type { ModelAnswer, ModelClient } from './invoke.ts';
import { createPoster, type Machine, type Reply } from './http-request.ts';
import { serviceAddress } from './service-address.ts';

/**
 * SageMaker runtime's InvokeEndpoint, one try.
 * @param deps.attributes what the model server gets as X-Amzn-SageMaker-Custom-Attributes
 */
export function createHttpClient(
  deps: Machine & { readonly env: Environment; readonly attributes?: string },
): ModelClient {
  const { attributes } = deps;
  try {
    const headers = attributes !== undefined && { 'x-amzn-sagemaker-custom-attributes': attributes };
    const poster = createPoster(
      serviceAddress(deps.env, 'sagemaker'),
      headers === false ? {} : { headers },
      deps,
    );
    return {
      invoke: async (endpoint, { body, ...types }, timeoutMs) =>
        answerOf(await poster.post(`/endpoints/${endpoint}/invocations`, body, timeoutMs, types)),
      warm: poster.warm,
    };
  } catch (error) {
    const broken = failed('unavailable', (error as Error).message);
    return { invoke: async () => broken, warm: async () => false };
  }
}

function answerOf(reply: Reply): ModelAnswer {
  if (reply.kind === 'failed') return failed(reply.why, reply.detail);
  const { status, contentType, errorType, body } = reply;
  if (status >= 200 && status < 300) {
    return { kind: 'answered', contentType: contentType ?? 'application/json', body };
  }
  return classify(status, errorType, body.toString());
}
