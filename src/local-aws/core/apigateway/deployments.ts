import { z } from 'zod';
import type { Account } from '../account.ts';
import { parseInput } from '../input.ts';
import { answer, type Operations } from '../operation.ts';
import type { Api, Deployment } from './api-state.ts';
import { badRequest, findApi, notFound, paged, pageInput, shortId } from './apis.ts';

export function deploymentOperations(account: Account, apis: Map<string, Api>): Operations {
  return {
    CreateDeployment(call) {
      const api = findApi(account, apis, call.input);
      const input = parseInput(createInput, call.input, 'BadRequestException');
      const stage = input.stageName === undefined ? undefined : api.stages.get(input.stageName);
      if (input.stageName !== undefined && stage === undefined)
        throw notFound('Invalid stage identifier specified');
      if (stage?.autoDeploy)
        throw badRequest('Deployment cannot be associated with a stage that has AutoDeploy enabled');
      if (api.routes.size === 0) throw badRequest('At least one route is required before deploying the Api.');
      const deployment = deploy(account, api, { description: input.description, autoDeployed: false });
      if (stage !== undefined) {
        api.stages.set(stage.name, { ...stage, deploymentId: deployment.id, updatedAt: account.clock.now() });
      }
      account.changed();
      return answer(document(deployment), 201);
    },
    GetDeployment: (call) =>
      answer(
        document(findDeployment(findApi(account, apis, call.input), String(call.input['deploymentId']))),
      ),
    GetDeployments(call) {
      const api = findApi(account, apis, call.input);
      const input = parseInput(pageInput, call.input, 'BadRequestException');
      return answer(paged([...api.deployments.values()].reverse().map(document), input));
    },
    DeleteDeployment(call) {
      const api = findApi(account, apis, call.input);
      const { id } = findDeployment(api, String(call.input['deploymentId']));
      if ([...api.stages.values()].some(({ deploymentId }) => deploymentId === id)) {
        throw badRequest('Active stages pointing to this deployment must be moved or deleted');
      }
      api.deployments.delete(id);
      account.changed();
      return answer(undefined, 204);
    },
  };
}

/** Takes a snapshot of the routes and integrations as they are. */
export function deploy(
  account: Account,
  api: Api,
  about: { readonly description: string | undefined; readonly autoDeployed: boolean },
): Deployment {
  const deployment: Deployment = {
    id: shortId(account, 6),
    ...about,
    createdAt: account.clock.now(),
    routes: [...api.routes.values()],
    integrations: [...api.integrations.values()],
  };
  api.deployments.set(deployment.id, deployment);
  return deployment;
}

/** Moves every stage that deploys by itself to a snapshot of what the API is now. */
export function autoDeploy(account: Account, api: Api): void {
  const stages = [...api.stages.values()].filter((stage) => stage.autoDeploy);
  if (stages.length === 0) return;
  const description = 'Automatic deployment triggered by changes to the Api configuration';
  const { id } = deploy(account, api, { description, autoDeployed: true });
  for (const stage of stages)
    api.stages.set(stage.name, { ...stage, deploymentId: id, updatedAt: account.clock.now() });
}

export function findDeployment(api: Api, id: string): Deployment {
  const deployment = api.deployments.get(id);
  if (deployment === undefined) throw notFound(`Unable to find Deployment with identifier ${id}`);
  return deployment;
}

const createInput = z.object({
  description: z.string().max(1024).optional(),
  stageName: z.string().optional(),
});

function document({ id, description, autoDeployed, createdAt }: Deployment): object {
  return {
    autoDeployed,
    createdDate: new Date(createdAt),
    deploymentId: id,
    deploymentStatus: 'DEPLOYED',
    ...(description === undefined ? {} : { description }),
  };
}
