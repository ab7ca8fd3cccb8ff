/** Of environments of serverless endpoints: what faults may set while local AWS runs. */
export interface EndpointEnvironmentSettings {
  /** A cold start takes as long as the model server took to start, and this on top. */
  endpointColdStartMs: number;
  /** An environment of an endpoint idle for so long is gone. AWS doesn't say; minutes are seen. */
  endpointIdleMs: number;
}

/** What may be turned on local AWS. Times are milliseconds. */
export interface Settings extends EndpointEnvironmentSettings {
  /** How long an endpoint is Creating or Updating at least. */
  readonly endpointCreatingMs: number;
  /** How long a deleted endpoint is seen as Deleting. */
  readonly endpointDeletingMs: number;
  /** Serverless endpoints an account may have. AWS: 50 a Region. */
  readonly endpointQuota: number;
  /** Sum of MaxConcurrency over all serverless endpoints. AWS: 1000 or 500 a Region. */
  readonly endpointConcurrencyQuota: number;
  /** How long $LATEST is InProgress after an update, and Pending after its creation. */
  readonly functionUpdateMs: number;
  /** How long a new published version is Pending. */
  readonly versionPendingMs: number;
  /** How long users of an alias with provisioned concurrency stay with its version before. AWS: minutes. */
  readonly provisioningMs: number;
  /** Concurrent executions of all functions that have none reserved. */
  readonly accountConcurrency: number;
  /** AWS/ metrics are kept at this resolution. AWS: 60. Here 1 by default, so that bakes of minutes can be judged. */
  readonly awsMetricResolutionSeconds: 1 | 60;
  /** In-process answers carry a Date header by this clock, as AWS's do; over HTTP the server adds one. */
  readonly datesAnswers: boolean;
  /** A request that was signed more than 5 minutes (S3: 15) before or after now is refused, as AWS does. */
  readonly checksSigningTime: boolean;
  /** When set, every request must carry it as X-Amz-Security-Token. */
  readonly sessionToken: string | undefined;
}

export const defaultSettings: Settings = {
  endpointCreatingMs: 2000,
  endpointDeletingMs: 300,
  endpointColdStartMs: 0,
  endpointIdleMs: 300_000,
  endpointQuota: 50,
  endpointConcurrencyQuota: 1000,
  functionUpdateMs: 300,
  versionPendingMs: 0,
  provisioningMs: 2000,
  accountConcurrency: 1000,
  awsMetricResolutionSeconds: 1,
  datesAnswers: false,
  checksSigningTime: false,
  sessionToken: undefined,
};
