import {
  DeleteFunctionCommand,
  type FunctionConfiguration,
  LambdaClient,
  ListVersionsByFunctionCommand,
} from '@aws-sdk/client-lambda';
import { type Platform, PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { attempt, faultOf } from './errors.ts';

interface Shop {
  readonly clients: Clients;
  readonly functionName: string;
}

/** Every publication of a rollout is described so; what others published is not mlreg's to delete. */
const ours = /^mlreg \S/;

export function createLambdaRetire({
  clients,
  functionName,
}: Shop): Pick<Platform, 'publishedVersions' | 'deleteFunctionVersion'> {
  return {
    async publishedVersions() {
      const all = await listVersions({ clients, functionName });
      return all.map(({ Version = '', Description = '' }) => ({
        functionVersion: Version,
        isOurs: ours.test(Description),
      }));
    },
    async deleteFunctionVersion(functionVersion) {
      // Without a qualifier DeleteFunction deletes the whole function, with all versions and aliases.
      if (!/^[1-9]\d*$/.test(functionVersion)) {
        throw new PlatformError({
          kind: 'refused',
          message: `'${functionVersion}' is no published Lambda version, so nothing of function ${functionName} is deleted`,
        });
      }
      try {
        await attempt(
          {
            action: 'lambda:DeleteFunction',
            resource: `version ${functionVersion} of function ${functionName}`,
          },
          () =>
            clients
              .of(LambdaClient)
              .send(new DeleteFunctionCommand({ FunctionName: functionName, Qualifier: functionVersion })),
        );
      } catch (error) {
        if (faultOf(error) !== 'missing') throw error;
      }
    },
  };
}

/** All published versions, the oldest first: AWS lists 50 a page. */
export async function listVersions({
  clients,
  functionName,
}: Shop): Promise<readonly FunctionConfiguration[]> {
  const found: FunctionConfiguration[] = [];
  let marker: string | undefined;
  do {
    const page = await attempt(
      { action: 'lambda:ListVersionsByFunction', resource: `function ${functionName}` },
      () =>
        clients.of(LambdaClient).send(
          new ListVersionsByFunctionCommand({
            FunctionName: functionName,
            ...(marker === undefined ? {} : { Marker: marker }),
          }),
        ),
    );
    found.push(...(page.Versions ?? []).filter(({ Version }) => Version !== '$LATEST'));
    marker = page.NextMarker;
  } while (marker !== undefined && marker !== '');
  return found.sort((a, b) => Number(a.Version) - Number(b.Version));
}
