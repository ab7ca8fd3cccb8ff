import {
  ApiGatewayV2Client,
  CreateDeploymentCommand,
  GetApisCommand,
  GetDeploymentsCommand,
  GetStageCommand,
  type GetStageCommandOutput,
  UpdateStageCommand,
} from '@aws-sdk/client-apigatewayv2';
import type { Deployment, Stamp } from '../domain/journal.ts';
import { type Platform, PlatformError, type StageView } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';
import { swapProblems } from './swap-problems.ts';
import { formatStamp, parseStamp } from './stamp.ts';

export interface StageOptions {
  readonly clients: Clients;
  readonly functionName: string;
  /** `id` null: to be found by its name. */
  readonly api: { readonly id: string | null; readonly name: string; readonly stage: string };
}

/** The stage variable that the integration's URI takes the alias from: `...:function:NAME:${stageVariables.alias}`. */
const aliasVariable = 'alias';
/** Who swapped it last. A variable, because one UpdateStage then writes both. */
const stampVariable = 'mlreg';

/** A stage of an HTTP API. Its IAM actions are HTTP verbs. */
export function createStage({
  clients,
  functionName,
  api,
}: StageOptions): Pick<Platform, 'readStage' | 'writeStage' | 'swapProblems'> {
  const gateway = (): ApiGatewayV2Client => clients.of(ApiGatewayV2Client);
  let found: Promise<string> | undefined;
  const apiId = (): Promise<string> => {
    found ??= api.id === null ? idOf(gateway(), api.name) : Promise.resolve(api.id);
    // A failure is no answer: the next call asks again.
    found.catch(() => (found = undefined));
    return found;
  };
  const get = async (): Promise<GetStageCommandOutput> => {
    const ApiId = await apiId();
    const resource = `/apis/${ApiId}/stages/${api.stage}`;
    return attempt({ action: 'apigateway:GET', resource }, () =>
      gateway().send(new GetStageCommand({ ApiId, StageName: api.stage })),
    );
  };
  return {
    async readStage() {
      const { StageVariables = {}, DeploymentId, AutoDeploy } = await get();
      return { ...viewOf(StageVariables), deploymentId: DeploymentId, autoDeploy: AutoDeploy === true };
    },
    async swapProblems(alias) {
      return swapProblems(clients, { apiId: await apiId(), functionName, alias });
    },
    async writeStage({ alias, stamp, deployment }) {
      const ApiId = await apiId();
      const present = await get();
      // AWS refuses a deployment id where the stage deploys by itself, even its own.
      const DeploymentId =
        present.AutoDeploy === true ? undefined : await deploymentFor(gateway(), ApiId, deployment, stamp);
      const resource = `/apis/${ApiId}/stages/${api.stage}`;
      // Variables are one map: what isn't sent is gone.
      const StageVariables = {
        ...present.StageVariables,
        [aliasVariable]: alias,
        [stampVariable]: formatVariable(stamp),
      };
      // A second try by the SDK could come after somebody else's swap.
      const once = clients.of(ApiGatewayV2Client, { maxAttempts: 1 });
      await attempt({ action: 'apigateway:PATCH', resource }, () =>
        once.send(
          new UpdateStageCommand({
            ApiId,
            StageName: api.stage,
            StageVariables,
            ...(DeploymentId === undefined ? {} : { DeploymentId }),
          }),
        ),
      );
    },
  };
}

/** What a stage's variables say of alias and owner. */
export const viewOf = (variables: Readonly<Record<string, string>>): Pick<StageView, 'alias' | 'stamp'> => ({
  alias: variables[aliasVariable],
  stamp: parseVariable(variables[stampVariable] ?? ''),
});

/** Stage variables take neither spaces nor dollars nor semicolons. */
const formatVariable = (stamp: Stamp): string =>
  formatStamp(stamp).replaceAll(' ', ',').replaceAll('$', '~').replaceAll(';', ':');
const parseVariable = (text: string): Stamp | undefined =>
  parseStamp(text.replaceAll(',', ' ').replaceAll('~', '$').replaceAll(':', ';'));

export async function idOf(gateway: ApiGatewayV2Client, name: string): Promise<string> {
  const ids: string[] = [];
  let token: string | undefined;
  do {
    const page = await attempt({ action: 'apigateway:GET', resource: '/apis' }, () =>
      gateway.send(new GetApisCommand(token === undefined ? {} : { NextToken: token })),
    );
    for (const { Name, ApiId } of page.Items ?? []) if (Name === name && ApiId !== undefined) ids.push(ApiId);
    token = page.NextToken;
  } while (token !== undefined && token !== '');
  const [id, second] = ids;
  if (id === undefined) {
    const message = `there is no HTTP API named ${name}. Name it in mlreg.yaml: api.id or api.name`;
    throw new PlatformError({ kind: 'missing', message });
  }
  if (second === undefined) return id;
  const message = `${ids.length} HTTP APIs are named ${name}: ${ids.join(', ')}. Say which in mlreg.yaml: api.id`;
  throw new PlatformError({ kind: 'refused', message });
}

/** One new deployment a rollout, however often it is asked for: its description tells. */
async function deploymentFor(
  gateway: ApiGatewayV2Client,
  ApiId: string,
  wanted: Deployment,
  { rollout }: Stamp,
): Promise<string | undefined> {
  if (wanted === 'keep') return undefined;
  if (wanted !== 'new') return wanted.id;
  const Description = `mlreg ${rollout}`;
  const resource = `/apis/${ApiId}/deployments`;
  let token: string | undefined;
  do {
    const page = await attempt({ action: 'apigateway:GET', resource }, () =>
      gateway.send(
        new GetDeploymentsCommand({ ApiId, ...(token === undefined ? {} : { NextToken: token }) }),
      ),
    );
    const known = page.Items?.find((item) => item.Description === Description);
    if (known?.DeploymentId !== undefined) return known.DeploymentId;
    token = page.NextToken;
  } while (token !== undefined && token !== '');
  const made = await attempt({ action: 'apigateway:POST', resource }, () =>
    gateway.send(new CreateDeploymentCommand({ ApiId, Description })),
  );
  return made.DeploymentId;
}
