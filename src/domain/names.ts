import { hash } from 'node:crypto';
import { armOf } from './arm.ts';
import type { VersionRecord } from './registry.ts';
import type { VersionTag } from './units.ts';
import { UserError } from './user-error.ts';

export interface EndpointIdentity {
  readonly model: string;
  readonly environment: string;
  readonly version: VersionTag;
  /** Hex SHA-256 of the artifact. */
  readonly digest: string;
  /** From 1; each has an endpoint of its own, whose name is never used again. */
  readonly generation: number;
}

/**
 * `{model}-{env}-{version}-{digest}`: SageMaker takes letters, digits and inner hyphens, 63 at most. What the tag loses
 * on the way (dots, signs) the digest gives back, unless two versions have one artifact: such a second one is refused.
 * A later generation's is shortened to fit.
 * @throws UserError where the name would be too long: truncation could make two names one
 */
export function endpointName(id: EndpointIdentity): string {
  const plain = (text: string): string => text.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '');
  const generation = id.generation > 1 ? `-g${id.generation}` : '';
  const first = `${plain(id.model)}-${plain(id.environment)}-`;
  const whole = `${first}${plain(id.version)}-${id.digest.slice(0, 8)}${generation}`;
  const name = whole.length > 63 && generation !== '' ? shortened(id, first, generation) : whole;
  if (name.length > 63) {
    throw new UserError('usage', `the endpoint's name would be ${name.length} characters long: ${name}`, {
      why: 'SageMaker takes at most 63',
      mend: `shorten the model's name by ${name.length - 63} or more characters in mlreg.yaml`,
    });
  }
  return name;
}

/**
 * A version whose first generation had a name must not be without one for its second. The digest is of version and artifact,
 * and as long as there is room. Permissions are given by model and environment, which stay whole.
 */
function shortened({ version, digest }: EndpointIdentity, first: string, generation: string): string {
  const room = Math.max(6, Math.min(16, 63 - first.length - generation.length));
  return `${first}${hash('sha256', `${version} ${digest}`).slice(0, room)}${generation}`;
}

/** The endpoint of an arm: the one that it has, or the one that it would be given. Of a retired arm: what it had. */
export function endpointOf(
  { model, environment }: Pick<EndpointIdentity, 'model' | 'environment'>,
  { version: tag, artifact, endpoint }: VersionRecord,
): { readonly name: string; readonly generation: number } {
  if (endpoint !== undefined) return endpoint;
  const { version, generation } = armOf(tag);
  const name = endpointName({ model, environment, version, digest: artifact.digest, generation });
  return { name, generation };
}
