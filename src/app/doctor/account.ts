import { endpointName } from '../../domain/names.ts';
import type { VersionRecord } from '../../domain/registry.ts';
import type { Route } from '../../domain/route.ts';
import { percent, versionTag } from '../../domain/units.ts';
import { longestVariables } from '../../engine/variables.ts';
import type { AccountSubject } from '../../ports/account.ts';
import type { Session } from '../session.ts';

/** As many buckets as a rollout sets aside at most, each of three digits. */
const longestAside = Array.from({ length: 20 }, (_, i) => 980 + i);

/** A rollout such as the next: of a version that has a name no policy can list, beside the champion. */
export function nextRollout({ config }: Session, champion: VersionRecord | null): AccountSubject {
  const version = versionTag('v0.0.0-doctor');
  const { model, name: environment, routing, responses, testers } = config;
  const answers =
    responses.json === 'any' ? responses.contract : { json: 'always' as const, ...responses.contract };
  const name = endpointName({ model, environment, version, digest: 'd0c'.padEnd(64, '0'), generation: 1 });
  const endpoints = { [version]: { name, generation: 1 } };
  const home = champion?.endpoint === undefined ? null : { ...champion, endpoint: champion.endpoint };
  const routes: readonly Route[] =
    home === null || routing === 'weighted'
      ? [{ kind: 'single', version }]
      : [{ kind: 'split', champion: home.version, challenger: version, percent: percent(50) }];
  return {
    endpoint: name,
    variables: longestVariables(
      {
        routing,
        answers,
        ...(testers === null ? {} : { testers }),
        challenger: version,
        policy: { users: { aside: longestAside, earlier: null, slowerThanMs: null } },
      },
      routes,
      home === null ? endpoints : { ...endpoints, [home.version]: home.endpoint },
    ),
  };
}
