/** One HTTP request to local AWS, body read whole. Header names are lower case. */
export interface WireRequest {
  readonly method: string;
  /** Path as sent (percent-encoded), without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export type ServiceName =
  | 'lambda'
  | 'sagemaker'
  | 'sagemaker-runtime'
  | 'apigateway'
  | 'cloudwatch'
  | 'logs'
  | 'sns'
  | 'ssm'
  | 'sts'
  | 's3';

/** How a request was spelled, and so how its answer must be. */
export type Protocol = 'aws-json' | 'rest-json' | 'rest-xml' | 'query' | 'rpc-json' | 'rpc-cbor';

/** An operation call, taken out of its protocol. */
export interface Call {
  readonly service: ServiceName;
  /** As AWS names it; 'Unknown' with `described` where no operation matches. */
  readonly operation: string;
  /** Method and path, for messages and for `apigateway:PATCH`-like actions. */
  readonly described: string;
  readonly protocol: Protocol;
  /** Members as AWS names them on the wire (API Gateway: lower camel case). Times as the protocol spells them. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it came (content encodings undone), for blobs. */
  readonly payload: Uint8Array;
}

/**
 * What an operation answers: a document that the protocol spells out (`Date` for times, `Uint8Array` for bytes),
 * or for blobs and header-bound members the response itself.
 */
export type Answer =
  | { readonly kind: 'document'; readonly status?: number; readonly document: object | undefined }
  | {
      readonly kind: 'raw';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
    };
