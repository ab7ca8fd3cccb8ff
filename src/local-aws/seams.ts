/**
 * Where the control plane of local AWS (`core/`, `wire/`) and its data plane (`data-plane/`) meet.
 * The control plane holds AWS's rules and state; the data plane runs code and model servers.
 */

/** Milliseconds since the epoch. Local AWS takes time as a port too, so that tests run it under a virtual clock. */
export interface LocalClock {
  now(): number;
  /** Calls `run` at or after `at`; returns what cancels it. */
  at(at: number, run: () => void): () => void;
}

/** A published Lambda version (or $LATEST), as the data plane needs it to run. Immutable once published. */
export interface FunctionSnapshot {
  readonly functionName: string;
  readonly functionArn: string;
  /** '$LATEST' or a decimal number. */
  readonly version: string;
  /** Hex or base64 digest of the code; equal digests are equal code. */
  readonly codeSha256: string;
  /** The bytes of the deployed package: one CommonJS file (the handler's bundle). */
  readonly code: Uint8Array;
  /** `file.export`, as `index.handler`. */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** What becomes of printed lines. @default text */
  readonly logging?: FunctionLogging;
}

export interface FunctionLogging {
  readonly format: 'Text' | 'JSON';
  /** Of JSON only: lines below it are dropped. */
  readonly level: LogLevel;
}

export type LogLevel = (typeof logLevels)[number];
export const logLevels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;

export interface Invocation {
  readonly requestId: string;
  /** JSON text of the event. */
  readonly payload: string;
  /** The ARN it was invoked by, alias or version included. */
  readonly invokedFunctionArn: string;
}

export interface InvocationResult {
  /** JSON text of what the handler returned, or of `{errorMessage, errorType}`. */
  readonly payload: string;
  /** 'Unhandled' where the handler threw, timed out or could not be loaded. */
  readonly functionError?: 'Unhandled';
  /** True where this invocation started a new execution environment. */
  readonly coldStart: boolean;
  /** Lines that the handler printed: CloudWatch Logs, and so the source of EMF metrics. */
  readonly logs: readonly string[];
}

/** Runs Lambda versions in execution environments: one request at a time each, cold when new. */
export interface FunctionRuntime {
  invoke(version: FunctionSnapshot, invocation: Invocation): Promise<InvocationResult>;
  /** Ends every environment of this version (deleted) or all. */
  stop(version?: FunctionSnapshot): Promise<void>;
}

export interface ContainerSpec {
  readonly endpointName: string;
  readonly variantName: string;
  readonly image: string;
  /** `s3://bucket/key` or, here only, `file:///path`. A .tar.gz, or a directory for file URLs. */
  readonly modelDataUrl: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  readonly maxConcurrency: number;
}

export interface ContainerRequest {
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly accept: string;
  readonly customAttributes: string | undefined;
}

export interface ContainerResponse {
  readonly status: number;
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly customAttributes: string | undefined;
}

/** A model server that answered GET /ping with 200. */
export interface Container {
  /** Milliseconds from its start to its first ping; undefined: as long as `start` took. */
  readonly startMs?: number;
  invoke(request: ContainerRequest): Promise<ContainerResponse>;
  stop(): Promise<void>;
}

/** Starts model servers that honour the SageMaker container contract. */
export interface ContainerRuntime {
  /** @throws Error whose message becomes the endpoint's FailureReason. */
  start(spec: ContainerSpec): Promise<Container>;
}

/** A route's Lambda authorizer, with payload format 2.0 and simple responses. */
export interface RouteAuthorizer {
  readonly id: string;
  readonly functionArn: string;
  /** Its identity sources, in lower case. */
  readonly headers: readonly string[];
  /** 0: nothing is cached. */
  readonly resultTtlMs: number;
}

/** What an HTTP API stage resolves a request to; read at every request, for it moves under it. */
export type IntegrationTarget =
  | {
      readonly kind: 'lambda';
      readonly functionArn: string;
      readonly routeKey: string;
      readonly stage: string;
      /** Undefined where the route is open. */
      readonly authorizer?: RouteAuthorizer;
    }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'misconfigured'; readonly why: string };

/** What the gateway asks of the control plane. */
export interface GatewayView {
  /** Resolves method and path in a stage, stage variables put into the integration's URI. */
  route(apiId: string, stage: string, method: string, path: string): IntegrationTarget;
  /**
   * Invokes through alias or version, applying weights, concurrency limits and metrics, as Lambda's own front end.
   * `throttled` stands for TooManyRequestsException, `denied` for a missing permission for API Gateway.
   */
  invoke(
    functionArn: string,
    payload: string,
  ): Promise<
    | { readonly kind: 'ok'; readonly result: InvocationResult; readonly executedVersion: string }
    | { readonly kind: 'throttled' }
    | { readonly kind: 'denied'; readonly why: string }
    | { readonly kind: 'missing'; readonly why: string }
  >;
  /** Counts one request for AWS/ApiGateway. `integrationMs` is undefined where no integration ran. */
  record(apiId: string, stage: string, status: number, latencyMs: number, integrationMs?: number): void;
}
