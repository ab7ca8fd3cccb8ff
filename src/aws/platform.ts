import type { Clock } from '../ports/index.ts';
import type { Platform } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { createStage, type StageOptions } from './apigateway-stage.ts';
import { createLambdaAlias } from './lambda-alias.ts';
import { createLambdaRetire } from './lambda-retire.ts';
import { createLambdaVersions } from './lambda-versions.ts';
import { createLambdaWarm } from './lambda-warm.ts';
import { createSageMakerEndpoints, type EndpointServing } from './sagemaker-endpoints.ts';
import { createSageMakerWarm } from './sagemaker-warm.ts';
import type { WarmingLog } from './warming-log.ts';
import { createSageMakerSmoke } from './sagemaker-smoke.ts';
import type { SmokeRequest } from './smoke-request.ts';

export interface PlatformOptions {
  readonly clients: Clients;
  readonly clock: Clock;
  /** The inference function, by name. */
  readonly functionName: string;
  readonly api: StageOptions['api'];
  readonly smokeRequests: readonly SmokeRequest[];
  /** Where users' requests are sent. @default '/recommend' */
  readonly requestPath?: string;
  readonly sagemaker: EndpointServing;
  /** Where warming requests are noted for the reader of metrics. */
  readonly warming?: WarmingLog;
  /** Of the endpoints, as `mlreg:environment`. */
  readonly tags: Readonly<Record<string, string>>;
}

/** The serving stack of one environment, by the AWS SDK. */
export function createPlatform(options: PlatformOptions): Platform {
  return {
    ...createStage(options),
    ...createLambdaAlias(options),
    ...createLambdaVersions(options),
    ...createLambdaRetire(options),
    ...createLambdaWarm(options),
    ...createSageMakerEndpoints(options),
    ...createSageMakerSmoke(options),
    ...createSageMakerWarm(options),
  };
}
