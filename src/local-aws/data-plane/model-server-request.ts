import type { Dispatcher, Pool } from 'undici';
import type { ContainerRequest, ContainerResponse } from '../seams.ts';

/** SageMaker serverless takes and gives at most 4 MB. */
const containerPayloadLimit = 4 * 1024 * 1024;

const customAttributes = 'x-amzn-sagemaker-custom-attributes';

/**
 * One POST /invocations, through undici's bare dispatch: the least work on the way of every prediction. An answer over
 * 4 MB is cut off a little after that. A connection that breaks while the server lives is tried once more, for it may
 * have closed an idle connection just as the request set out.
 * @throws Error where the connection breaks, or the server is late
 */
export async function invocation(
  pool: Pool,
  request: ContainerRequest,
  alive: () => boolean,
): Promise<ContainerResponse> {
  try {
    return await once(pool, request);
  } catch (error) {
    if (!isBroken(error) || !alive()) throw brokeOff(error);
  }
  return once(pool, request).catch((error: unknown) => Promise.reject(brokeOff(error)));
}

function once(pool: Pool, request: ContainerRequest): Promise<ContainerResponse> {
  return new Promise((resolve, reject) => {
    const headers = ['content-type', request.contentType, 'accept', request.accept];
    if (request.customAttributes !== undefined) headers.push(customAttributes, request.customAttributes);
    pool.dispatch(
      { method: 'POST', path: '/invocations', headers, body: request.body },
      collector(resolve, reject),
    );
  });
}

function isBroken(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

function brokeOff(cause: unknown): Error {
  return new Error(`the model server broke off: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
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
  const finish = (): void => {
    const body = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size);
    resolve({ status, body, contentType, customAttributes: attributes });
  };
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
      chunks.push(chunk);
      if (size > containerPayloadLimit) {
        // Whoever asked sees that it is too long; the rest of it is of no use.
        finish();
        controller.abort(new Error('the answer is over 4 MB'));
      }
    },
    onResponseEnd: finish,
    onResponseError(_controller, error) {
      reject(error);
    },
  };
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
