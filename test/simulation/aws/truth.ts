import { viewOf } from '../../../src/aws/apigateway-stage.ts';
import { parseStamp } from '../../../src/aws/stamp.ts';
import { fromPersisted } from '../../../src/local-aws/core/persisted.ts';
import type { LocalAws } from '../../../src/local-aws/core/local-aws.ts';
import type { State } from '../../../src/local-aws/core/state.ts';
import type { Publication } from '../../../src/ports/inventory.ts';
import { type EndpointState, PlatformError } from '../../../src/ports/platform.ts';
import { sharesOf } from '../aws-model.ts';
import type { Truth } from '../level.ts';
import { api, functionName } from './account.ts';

/** What local AWS really holds, whatever it was made to answer. */
export function truthOf(local: () => LocalAws): {
  readonly truth: Required<Truth>;
  /** What `mlreg recover` reads of the function, the oldest first. */
  readonly publications: () => readonly Publication[];
  readonly changed: () => void;
} {
  let known: State | undefined;
  const state = (): State => (known ??= fromPersisted(local().snapshot()) as State);
  const theFunction = () => {
    const found = state().functions.get(functionName);
    if (found === undefined) throw new Error('the function is gone');
    return found;
  };
  const truth: Required<Truth> = {
    alias(name = 'live') {
      const found = theFunction().aliases.get(name);
      if (found === undefined) throw new Error('the alias is gone');
      const { functionVersion, weights, revisionId, description } = found;
      return {
        target: { functionVersion, weights },
        revisionId,
        description,
        stamp: parseStamp(description),
      };
    },
    stage() {
      const found = [...state().apis.values()][0]?.stages.get(api.stage);
      if (found === undefined) throw new Error('the stage is gone');
      const { stageVariables, deploymentId, autoDeploy } = found;
      return { ...viewOf(stageVariables), deploymentId, autoDeploy };
    },
    variables(functionVersion) {
      const found = theFunction().versions.get(functionVersion);
      if (found !== undefined) return found.environment ?? {};
      throw new PlatformError({ kind: 'missing', message: `no version ${functionVersion}` });
    },
    shares: (target) => sharesOf(target, truth.variables),
    endpoint(name) {
      const status = state().sagemaker.endpoints.get(name)?.status;
      return (status !== undefined && kinds[status]) || { kind: 'absent' };
    },
    differences(functionVersion, serving) {
      const { latest, versions } = theFunction();
      const of = (version: string) => versions.get(version)?.timeout ?? latest.timeout;
      const here = functionVersion === undefined ? latest.timeout : of(functionVersion);
      return here === of(serving) ? [] : [`timeout (${here} s instead of ${of(serving)} s)`];
    },
    // Whether it was is not kept; where looks may lag nobody asks.
    isInServiceSince: (name) => truth.endpoint(name).kind === 'in-service',
    memoryOf: (name) => state().sagemaker.endpoints.get(name)?.deployment.serverless.MemorySizeInMB,
    endpointNames: () =>
      [...state().sagemaker.endpoints]
        .filter(([, { status }]) => status !== 'Deleting')
        .map(([name]) => name),
  };
  const publications = (): readonly Publication[] =>
    [...theFunction().versions]
      .map(([functionVersion, { environment, codeSha256 }]) => ({
        functionVersion,
        variables: environment ?? {},
        codeSha256,
      }))
      .sort((a, b) => Number(a.functionVersion) - Number(b.functionVersion));
  return { truth, publications, changed: () => (known = undefined) };
}

const kinds: Readonly<Record<string, EndpointState>> = {
  Creating: { kind: 'creating' },
  InService: { kind: 'in-service' },
  Updating: { kind: 'in-service' },
  Deleting: { kind: 'deleting' },
  Failed: { kind: 'failed', why: 'no capacity' },
};
