import type { Clock } from '../ports/index.ts';
import type { Platform } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { createStage, type StageOptions } from './apigateway-stage.ts';
import { createLambdaAlias } from './lambda-alias.ts';
import { createLambdaRetire } from './lambda-retire.ts';
import { createLambdaVersions } from './lambda-versions.ts';
import { createLambdaWarm } from './lambda-warm.ts';
import type { ConfiguredServing } from './sagemaker-content.ts';
import { createSageMakerEndpoints } from './sagemaker-endpoints.ts';
import { createSageMakerSmoke, type SmokeRequest } from './sagemaker-smoke.ts';

export interface PlatformOptions {
  readonly clients: Clients;
  readonly clock: Clock;
  /** The inference function, by name. */
  readonly functionName: string;
  readonly api: StageOptions['api'];
  readonly smokeRequests: readonly SmokeRequest[];
  /** Where users' requests are sent. @default '/recommend' */
  readonly requestPath?: string;
  readonly sagemaker: ConfiguredServing;
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
  };
}
