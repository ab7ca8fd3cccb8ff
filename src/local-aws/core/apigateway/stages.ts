import { z } from 'zod';
import type { Account } from '../account.ts';
import { matching, parseInput, wireBoolean } from '../input.ts';
import { answer, type Operations } from '../operation.ts';
import type { Api, Stage } from './api-state.ts';
import { badRequest, conflict, findApi, notFound, paged, pageInput } from './apis.ts';
import { deploy, findDeployment } from './deployments.ts';

/** Stages. UpdateStage has no locking: the last writer wins, field by field. */
export function stageOperations(account: Account, apis: Map<string, Api>): Operations {
  const stageOf = (api: Api, input: Readonly<Record<string, unknown>>): Stage => {
    const stage = api.stages.get(String(input['stageName']));
    if (stage === undefined) throw notFound('Invalid stage identifier specified');
    return stage;
  };
  const deployedBySelf = (api: Api) =>
    deploy(account, api, { description: AUTO_DEPLOYED, autoDeployed: true }).id;
  return {
    CreateStage(call) {
      const api = findApi(account, apis, call.input);
      const input = parseInput(createInput, call.input, 'BadRequestException');
      if (api.stages.has(input.stageName)) throw conflict('Stage already exists');
      if (api.stages.size >= MOST_STAGES)
        throw badRequest(
          'Maximum number of stages for this Api has been reached. Please contact AWS if you need additional stages.',
        );
      checkDeployment(api, input.autoDeploy, input.deploymentId);
      checkVariables(input.stageVariables);
      const now = account.clock.now();
      const stage: Stage = {
        name: input.stageName,
        autoDeploy: input.autoDeploy,
        deploymentId: input.autoDeploy ? deployedBySelf(api) : input.deploymentId,
        description: input.description,
        stageVariables: input.stageVariables,
        defaultRouteSettings: input.defaultRouteSettings ?? { detailedMetricsEnabled: false },
        routeSettings: input.routeSettings ?? {},
        accessLogSettings: input.accessLogSettings,
        tags: input.tags,
        createdAt: now,
        updatedAt: now,
      };
      api.stages.set(stage.name, stage);
      account.changed();
      return answer(document(stage), 201);
    },
    GetStage: (call) => answer(document(stageOf(findApi(account, apis, call.input), call.input))),
    GetStages(call) {
      const api = findApi(account, apis, call.input);
      return answer(
        paged(
          [...api.stages.values()].map(document),
          parseInput(pageInput, call.input, 'BadRequestException'),
        ),
      );
    },
    UpdateStage(call) {
      const api = findApi(account, apis, call.input);
      const before = stageOf(api, call.input);
      const input = parseInput(updateInput, call.input, 'BadRequestException');
      const autoDeploy = input.autoDeploy ?? before.autoDeploy;
      checkDeployment(api, autoDeploy, input.deploymentId);
      if (input.stageVariables !== undefined) checkVariables(input.stageVariables);
      const stage: Stage = {
        ...before,
        autoDeploy,
        deploymentId:
          autoDeploy && !before.autoDeploy
            ? deployedBySelf(api)
            : (input.deploymentId ?? before.deploymentId),
        description: input.description ?? before.description,
        // One map: what is sent replaces what was there.
        stageVariables: input.stageVariables ?? before.stageVariables,
        defaultRouteSettings: input.defaultRouteSettings ?? before.defaultRouteSettings,
        routeSettings: input.routeSettings ?? before.routeSettings,
        accessLogSettings: input.accessLogSettings ?? before.accessLogSettings,
        updatedAt: account.clock.now(),
      };
      api.stages.set(stage.name, stage);
      account.changed();
      return answer(document(stage));
    },
    DeleteStage(call) {
      const api = findApi(account, apis, call.input);
      api.stages.delete(stageOf(api, call.input).name);
      account.changed();
      return answer(undefined, 204);
    },
  };
}

const AUTO_DEPLOYED = 'Automatic deployment triggered by changes to the Api configuration';
const MOST_STAGES = 10;
const MOST_VARIABLES = 100;

const updateInput = z.object({
  autoDeploy: wireBoolean.optional(),
  deploymentId: z.string().optional(),
  description: z.string().max(1024).optional(),
  stageVariables: z.record(z.string(), z.string()).optional(),
  defaultRouteSettings: z.looseObject({}).optional(),
  routeSettings: z.looseObject({}).optional(),
  accessLogSettings: z.looseObject({}).optional(),
});

const createInput = updateInput.extend({
  stageName: matching(/^(\$default|[a-zA-Z0-9_-]{1,128})$/),
  autoDeploy: wireBoolean.default(false),
  stageVariables: z.record(z.string(), z.string()).default({}),
  tags: z.record(z.string(), z.string()).default({}),
});

function checkDeployment(api: Api, autoDeploy: boolean, deploymentId: string | undefined): void {
  if (deploymentId === undefined) return;
  if (autoDeploy) throw badRequest('Deployment ID cannot be set when AutoDeploy is enabled');
  findDeployment(api, deploymentId);
}

function checkVariables(variables: Readonly<Record<string, string>>): void {
  const entries = Object.entries(variables);
  if (entries.length > MOST_VARIABLES)
    throw badRequest(`A stage can have at most ${MOST_VARIABLES} stage variables.`);
  for (const [name, value] of entries) {
    if (!/^[a-zA-Z0-9_]{1,64}$/.test(name))
      throw badRequest(
        `Invalid stage variable name: ${name}. Names are alphanumeric or underscore, at most 64 characters.`,
      );
    if (!/^[A-Za-z0-9\-._~:/?#&=,]{1,512}$/.test(value)) {
      throw badRequest(
        `Invalid stage variable value: ${value}. Please use values with alphanumeric characters and the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','.`,
      );
    }
  }
}

function document(stage: Stage): object {
  return {
    ...(stage.accessLogSettings === undefined ? {} : { accessLogSettings: stage.accessLogSettings }),
    autoDeploy: stage.autoDeploy,
    createdDate: new Date(stage.createdAt),
    defaultRouteSettings: stage.defaultRouteSettings,
    ...(stage.deploymentId === undefined ? {} : { deploymentId: stage.deploymentId }),
    ...(stage.description === undefined ? {} : { description: stage.description }),
    ...(stage.autoDeploy
      ? {
          lastDeploymentStatusMessage: `Successfully deployed stage with deployment ID '${stage.deploymentId ?? ''}'`,
        }
      : {}),
    lastUpdatedDate: new Date(stage.updatedAt),
    routeSettings: stage.routeSettings,
    stageName: stage.name,
    stageVariables: stage.stageVariables,
    tags: stage.tags,
  };
}
