import { ApiGatewayV2Client, GetStageCommand } from '@aws-sdk/client-apigatewayv2';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';

/** A stage of an HTTP API, as it is now. */
export interface StageView {
  readonly variables: Readonly<Record<string, string>>;
  readonly deploymentId: string | undefined;
  /** Such a stage takes no deployment id. */
  readonly autoDeploy: boolean;
}

/** @throws PlatformError */
export async function readStage(
  clients: Clients,
  { apiId, stage }: { readonly apiId: string; readonly stage: string },
): Promise<StageView> {
  const gateway = clients.of(ApiGatewayV2Client);
  // Its IAM actions are HTTP verbs.
  const found = await attempt({ action: 'apigateway:GET', resource: `/apis/${apiId}/stages/${stage}` }, () =>
    gateway.send(new GetStageCommand({ ApiId: apiId, StageName: stage })),
  );
  return {
    variables: found.StageVariables ?? {},
    deploymentId: found.DeploymentId,
    autoDeploy: found.AutoDeploy === true,
  };
}
