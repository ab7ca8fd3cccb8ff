import {
  GetAliasCommand,
  LambdaClient,
  ListAliasesCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-lambda';
import type { AliasTarget } from '../domain/route.ts';
import type { AliasView, AliasWriteOutcome, Platform } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { attempt, faultOf } from './errors.ts';
import { formatStamp, parseStamp } from './stamp.ts';

export function createLambdaAlias(options: {
  readonly clients: Clients;
  readonly functionName: string;
}): Pick<Platform, 'readAlias' | 'writeAlias' | 'aliases'> {
  const { clients, functionName } = options;
  const resource = (alias: string): string => `alias ${alias} of ${functionName}`;
  return {
    async readAlias(alias): Promise<AliasView> {
      const lambda = clients.of(LambdaClient);
      const found = await attempt({ action: 'lambda:GetAlias', resource: resource(alias) }, () =>
        lambda.send(new GetAliasCommand({ FunctionName: functionName, Name: alias })),
      );
      const description = found.Description ?? '';
      return {
        revisionId: found.RevisionId ?? '',
        target: {
          functionVersion: found.FunctionVersion ?? '',
          weights: found.RoutingConfig?.AdditionalVersionWeights ?? {},
        },
        description,
        stamp: parseStamp(description),
      };
    },
    async aliases() {
      const lambda = clients.of(LambdaClient);
      const found: { readonly name: string; readonly target: AliasTarget }[] = [];
      let marker: string | undefined;
      do {
        const page = await attempt(
          { action: 'lambda:ListAliases', resource: `function ${functionName}` },
          () =>
            lambda.send(
              new ListAliasesCommand({
                FunctionName: functionName,
                ...(marker === undefined ? {} : { Marker: marker }),
              }),
            ),
        );
        for (const { Name = '', FunctionVersion = '', RoutingConfig } of page.Aliases ?? []) {
          const weights = RoutingConfig?.AdditionalVersionWeights ?? {};
          found.push({ name: Name, target: { functionVersion: FunctionVersion, weights } });
        }
        marker = page.NextMarker;
      } while (marker !== undefined && marker !== '');
      return found;
    },
    async writeAlias(alias, { target, stamp, revisionId }): Promise<AliasWriteOutcome> {
      // A second try by the SDK would meet the first one's RevisionId and call our own write somebody else's.
      const lambda = clients.of(LambdaClient, { maxAttempts: 1 });
      const command = new UpdateAliasCommand({
        FunctionName: functionName,
        Name: alias,
        FunctionVersion: target.functionVersion,
        // Left out, Lambda would keep the weights it has.
        RoutingConfig: { AdditionalVersionWeights: { ...target.weights } },
        Description: formatStamp(stamp),
        RevisionId: revisionId,
      });
      try {
        const written = await attempt({ action: 'lambda:UpdateAlias', resource: resource(alias) }, () =>
          lambda.send(command),
        );
        return { kind: 'written', revisionId: written.RevisionId ?? '' };
      } catch (error) {
        if (faultOf(error) === 'precondition') return { kind: 'precondition' };
        throw error;
      }
    },
  };
}
