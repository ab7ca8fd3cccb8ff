import type { Dispatcher, Pool } from 'undici';
import type { ContainerRequest, ContainerResponse } from '../seams.ts';

/** SageMaker serverless takes and gives at most 4 MB. */
export const containerPayloadLimit = 4 * 1024 * 1024;

const customAttributes = 'x-amzn-sagemaker-custom-attributes';

/**
 * One POST /invocations, through undici's bare dispatch: the least work on the way of every prediction.
 * @throws Error where the connection breaks, the server is late, or the answer is over 4 MB
 */
export function invocation(pool: Pool, request: ContainerRequest): Promise<ContainerResponse> {
  return new Promise((resolve, reject) => {
    const headers = ['content-type', request.contentType, 'accept', request.accept];
    if (request.customAttributes !== undefined) headers.push(customAttributes, request.customAttributes);
    pool.dispatch(
      { method: 'POST', path: '/invocations', headers, body: request.body },
      collector(resolve, (cause) => reject(new Error(`the model server broke off: ${cause.message}`, { cause }))),
    );
  });
}

function collector(
  resolve: (response: ContainerResponse) => void,
  reject: (error: Error) => void,
): Dispatcher.DispatchHandler {
  let status = 0;
  let contentType = 'application/octet-stream';
  let attributes: string | undefined;
  let size = 0;
  const chunks: Buffer[] = [];
  return {
    onRequestStart() {},
    onResponseStart(_controller, statusCode, headers) {
      if (statusCode < 200) return;
      status = statusCode;
      contentType = single(headers['content-type']) ?? contentType;
      attributes = single(headers[customAttributes]);
    },
    onResponseData(controller, chunk) {
      size += chunk.length;
      if (size > containerPayloadLimit) controller.abort(new Error('the answer is over 4 MB'));
      else chunks.push(chunk);
    },
    onResponseEnd() {
      const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size);
      resolve({ status, body, contentType, customAttributes: attributes });
    },
    onResponseError(_controller, error) {
      reject(error);
    },
  };
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
