import { stackSection } from '../config/index.ts';
import { UserError } from '../domain/user-error.ts';
import type { ExistingStack } from '../ports/existing-stack.ts';
import type { Context } from './context.ts';

export interface FromAws {
  readonly environment: string;
  /** Its lines in mlreg.yaml. */
  readonly section: string;
  readonly checklist: readonly Item[];
}

/** One thing that a rollout needs. */
export interface Item {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
  /** A command, or what to write into Terraform or mlreg.yaml. */
  readonly fix?: string;
}

/**
 * Reads a function and what stands around it. Changes nothing.
 * @param model as mlreg.yaml names it
 * @throws UserError usage, where the function is not named
 */
export async function fromAws(
  { world, options }: Context,
  { functionName, model }: { readonly functionName: string | undefined; readonly model: string },
): Promise<FromAws> {
  if (functionName === undefined || functionName === '') {
    throw new UserError('usage', '--from-aws reads one function: which?', {
      mend: 'mlreg init --from-aws --function NAME --region REGION',
    });
  }
  const environment = options.environment ?? 'dev';
  if (environment === 'local') {
    throw new UserError('usage', '--from-aws: local is the emulator on this machine, not an account', {
      mend: 'mlreg init --from-aws --function NAME -e dev',
    });
  }
  const found = await world.readStack({
    function: functionName,
    region: options.region ?? null,
    profile: options.profile ?? null,
  });
  const alias = aliasOf(found);
  const served = found.endpoint?.model ?? null;
  const section = stackSection(model, environment, {
    region: found.region,
    account: found.account,
    routing: isRouter(found) ? 'sticky' : 'weighted',
    path: found.api?.path ?? null,
    function: found.function,
    alias: alias?.name ?? null,
    swapsStage: isFromStage(found),
    api: found.api,
    model:
      served === null
        ? null
        : {
            role: served.role,
            image: served.image,
            memoryMb: served.serverless?.memoryMb ?? null,
            maxConcurrency: served.serverless?.maxConcurrency ?? null,
          },
  });
  return { environment, section, checklist: checklistOf(found, environment, alias) };
}

const isRouter = ({ variables }: ExistingStack): boolean =>
  Object.keys(variables).some((name) => name.startsWith('MLREG_'));
const isFromStage = ({ api }: ExistingStack): boolean => api?.qualifier?.includes('stageVariables') === true;

/** The alias that users come by: the one in the integration's URI, else the only one, else `live`. */
function aliasOf({ aliases, api }: ExistingStack): ExistingStack['aliases'][number] | undefined {
  return (
    aliases.find(({ name }) => name === api?.qualifier) ??
    aliases.find(({ name }) => name === 'live') ??
    (aliases.length === 1 ? aliases[0] : undefined)
  );
}

function checklistOf(
  found: ExistingStack,
  environment: string,
  alias: ExistingStack['aliases'][number] | undefined,
): readonly Item[] {
  const { function: name, api, endpoint, variables, reserved } = found;
  const check = (what: string, isOk: boolean, detail: string, fix: string): Item =>
    isOk ? { what, ok: true, detail } : { what, ok: false, detail, fix };
  const used = alias?.name ?? 'live';
  const isReached =
    api !== null && (isFromStage(found) || api.qualifier === alias?.name) && alias !== undefined;
  const served = endpoint?.model ?? null;
  return [
    check(
      'alias',
      alias !== undefined && alias.functionVersion !== '$LATEST' && !alias.splits,
      alias === undefined
        ? 'users have no alias to come by'
        : `${alias.name} -> Lambda version ${alias.functionVersion}${alias.splits ? ', and it splits traffic' : ''}`,
      alias === undefined
        ? `aws lambda publish-version --function-name ${name}, then aws lambda create-alias --function-name ${name} --name live --function-version VERSION`
        : `aws lambda publish-version --function-name ${name}, then aws lambda update-alias --function-name ${name} --name ${used} --function-version VERSION --routing-config AdditionalVersionWeights={}`,
    ),
    check(
      'one write',
      alias?.provisioned !== true,
      alias?.provisioned === true
        ? `${used} has provisioned concurrency, so it would not move at once`
        : 'no provisioned concurrency on the alias',
      `aws lambda delete-provisioned-concurrency-config --function-name ${name} --qualifier ${used}`,
    ),
    check(
      'API',
      isReached,
      api === null
        ? `no HTTP API of this account and Region invokes ${name}`
        : `${api.name} (${api.id}) invokes ${api.qualifier === null ? '$LATEST' : `:${api.qualifier}`}`,
      api === null
        ? 'make an HTTP API whose integration invokes the alias: terraform/modules/api-gateway'
        : `let the integration's URI end in :${used}, or in :\${stageVariables.alias} for blue-green`,
    ),
    check(
      'router',
      isRouter(found),
      isRouter(found)
        ? "the function has variables of mlreg's router"
        : "the code is not mlreg's router: users are drawn for each request (routing: weighted)",
      'for users who stay on one version deploy node_modules/mlreg/dist/router.zip: terraform/modules/lambda-inference',
    ),
    check(
      'metrics',
      variables['MLREG_METRIC_RESOLUTION'] === '1',
      variables['MLREG_METRIC_RESOLUTION'] === '1'
        ? 'the router counts by the second'
        : 'metrics are by the minute: a breach is seen a minute or two later',
      'environment { variables = { MLREG_METRIC_RESOLUTION = "1" } } in the function\'s Terraform, with mlreg\'s router',
    ),
    check(
      'endpoint',
      endpoint !== null,
      endpoint === null
        ? "the function's variables name no one endpoint that is there"
        : `${endpoint.name}, ${served?.uri ?? 'without an artifact'}${served?.serverless === null ? ', not serverless' : ''}`,
      `mlreg adopt VERSION --endpoint NAME -e ${environment}`,
    ),
    check(
      'concurrency',
      reserved === null || reserved > 0,
      reserved === null
        ? "no reserved concurrency: the account's limit holds"
        : `${reserved} reserved executions`,
      `aws lambda delete-function-concurrency --function-name ${name}`,
    ),
    check(
      'table',
      false,
      'records would be kept in .mlreg on this machine (table: off)',
      'terraform/modules/model-registry, then set table in mlreg.yaml',
    ),
    ...found.unread.map((why) => ({
      what: 'permission',
      ok: false,
      detail: why,
      fix: 'terraform/modules/cli-role has the policy to look',
    })),
  ];
}
