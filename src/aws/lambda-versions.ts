import {
  type FunctionConfiguration,
  LambdaClient,
  PublishVersionCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { Clock } from '../ports/index.ts';
import { type Platform, PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { attempt, faultOf } from './errors.ts';
import { differencesOf } from './lambda-differences.ts';
import {
  readConfiguration,
  reasonCode,
  sameVariables,
  settledConfiguration,
  type Variables,
  variablesOf,
} from './lambda-configuration.ts';

interface Shop {
  readonly clients: Clients;
  readonly clock: Clock;
  readonly functionName: string;
}

type Publication = Parameters<Platform['publish']>[0];

export function createLambdaVersions(
  shop: Shop,
): Pick<Platform, 'codeSha256' | 'latestDifferences' | 'publishedDifferences' | 'variables' | 'publish'> {
  const { clients, functionName } = shop;
  return {
    async codeSha256(functionVersion, haste) {
      const found = await readConfiguration(clients, functionName, functionVersion, haste);
      return found.CodeSha256 ?? '';
    },
    async latestDifferences(functionVersion, haste) {
      const [latest, serving] = [
        await readConfiguration(clients, functionName, undefined, haste),
        await readConfiguration(clients, functionName, functionVersion, haste),
      ];
      return differencesOf(latest, serving);
    },
    async publishedDifferences(functionVersion, served) {
      const [published, serving] = [
        await readConfiguration(clients, functionName, functionVersion),
        await readConfiguration(clients, functionName, served),
      ];
      return differencesOf(published, serving);
    },
    async variables(functionVersion, haste) {
      return variablesOf(await readConfiguration(clients, functionName, functionVersion, haste));
    },
    async publish(request) {
      const functionVersion = await publish(shop, request);
      await active(shop, functionVersion);
      return { functionVersion };
    },
  };
}

/** $LATEST is shared with Terraform, deployments of code and people: so many times somebody may come between. */
const rounds = 5;
/** Lambda describes no more of a version. */
const mostDescription = 256;

async function publish(shop: Shop, request: Publication): Promise<string> {
  let last: PlatformError | undefined;
  for (let round = 0; round < rounds; round++) {
    const latest = await settledConfiguration(shop.clients, shop.clock, shop.functionName);
    checkCode(shop, latest, request.codeSha256);
    const wanted = { ...variablesOf(latest), ...request.variables };
    try {
      const revisionId = await prepare(shop, latest, wanted);
      const version =
        revisionId === undefined ? undefined : await snapshot(shop, request, wanted, revisionId);
      if (version !== undefined) return version;
    } catch (error) {
      // Somebody else's update is under way, or came between: wait it out, and look again.
      const again = error instanceof PlatformError && ['busy', 'precondition'].includes(faultOf(error));
      if (!again) throw error;
      last = error;
    }
  }
  const message = `function ${shop.functionName} is changed by somebody else again and again`;
  throw new PlatformError({ kind: 'throttled', message }, last);
}

/** Puts the variables into $LATEST. Undefined where they aren't there afterwards: somebody else's came after ours. */
async function prepare(
  shop: Shop,
  latest: FunctionConfiguration,
  wanted: Variables,
): Promise<string | undefined> {
  const { clients, clock, functionName } = shop;
  if (sameVariables(variablesOf(latest), wanted)) return latest.RevisionId;
  const lambda = clients.of(LambdaClient);
  await attempt({ action: 'lambda:UpdateFunctionConfiguration', resource: `function ${functionName}` }, () =>
    lambda.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: functionName,
        Environment: { Variables: { ...wanted } },
        ...(latest.RevisionId === undefined ? {} : { RevisionId: latest.RevisionId }),
      }),
    ),
  );
  // The RevisionId moves once more when the update ends (aws/aws-sdk#377): only now is it worth anything.
  const updated = await settledConfiguration(clients, clock, functionName);
  if (updated.LastUpdateStatus === 'Failed') {
    throw new PlatformError({
      kind: 'refused',
      message: `the update of function ${functionName} failed: ${reasonCode(updated.LastUpdateStatusReasonCode)}. More says: aws lambda get-function-configuration --function-name ${functionName} --query LastUpdateStatusReason`,
    });
  }
  return sameVariables(variablesOf(updated), wanted) ? updated.RevisionId : undefined;
}

/**
 * Publishes $LATEST as it is under this revision. Where nothing has changed since the last version AWS answers with that one,
 * so a lost reply is no harm, and no earlier version has to be looked for: that would take the longer the more there are.
 * Undefined where something else came out.
 */
async function snapshot(
  { clients, functionName }: Shop,
  { codeSha256, description }: Publication,
  wanted: Variables,
  revisionId: string,
): Promise<string | undefined> {
  const lambda = clients.of(LambdaClient);
  const published = await attempt(
    { action: 'lambda:PublishVersion', resource: `function ${functionName}` },
    () =>
      lambda.send(
        new PublishVersionCommand({
          FunctionName: functionName,
          CodeSha256: codeSha256,
          RevisionId: revisionId,
          Description: description.slice(0, mostDescription),
        }),
      ),
  );
  const right = published.CodeSha256 === codeSha256 && sameVariables(variablesOf(published), wanted);
  return right ? published.Version : undefined;
}

function checkCode({ functionName }: Shop, latest: FunctionConfiguration, codeSha256: string): void {
  if (latest.CodeSha256 === codeSha256) return;
  throw new PlatformError({
    kind: 'refused',
    message: `the code of function ${functionName} was changed while a rollout ran: its digest is ${latest.CodeSha256 ?? 'unknown'}, not ${codeSha256}. Let the rollout end before new code is deployed, or start it anew`,
  });
}

async function active({ clients, clock, functionName }: Shop, functionVersion: string): Promise<void> {
  const settled = await settledConfiguration(clients, clock, functionName, functionVersion);
  if (settled.State !== 'Failed') return;
  throw new PlatformError({
    kind: 'refused',
    message: `version ${functionVersion} of ${functionName} failed: ${reasonCode(settled.StateReasonCode)}. More says: aws lambda get-function-configuration --function-name ${functionName} --qualifier ${functionVersion} --query StateReason`,
  });
}
