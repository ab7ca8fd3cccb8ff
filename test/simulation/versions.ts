import { armOf } from '../../src/domain/arm.ts';
import { instant, versionTag } from '../../src/domain/units.ts';
import type { Store } from '../../src/ports/store.ts';

export const v21 = versionTag('v2.1.0');
export const v22 = versionTag('v2.2.0');
export const v23 = versionTag('v2.3.0');
export const v24 = versionTag('v2.4.0');
export const v25 = versionTag('v2.5.0');
export const endpointName = (tag: string): string => {
  const { version, generation } = armOf(versionTag(tag));
  const later = generation === 1 ? '' : `-g${generation}`;
  return `recommendation-local-${version.replaceAll('.', '-')}${later}`;
};

/** Of a version that mlreg knows nothing of. */
export const foreignEndpoint = endpointName('v2.1.1');

/** What serves before the first version does. */
export const nobody = 'v0.0.0';

/** True time at which a simulation begins, ms since 1970. */
export const epoch = 1_750_000_000_000;

/** The registry before anything happens: one version that served, one that serves, three that might; or only those. */
export async function seedRegistry(store: Store, isFirst = false): Promise<void> {
  const record = {
    artifact: { uri: 'file:///a', digest: 'aa' },
    metrics: {},
    registeredAt: instant(0),
    registeredBy: 'ana',
    statusReason: '',
    statusAt: instant(epoch - 1_000),
  };
  const served = [
    { version: v21, status: 'archived', functionVersion: '5' },
    { version: v22, status: 'champion', functionVersion: '7' },
  ] as const;
  for (const known of isFirst ? [] : served) {
    const endpoint = { name: endpointName(known.version), generation: 1 };
    await store.register({ ...record, ...known, endpoint });
  }
  for (const version of [v23, v24, v25]) await store.register({ ...record, version, status: 'candidate' });
}

/** After its record was lost. */
export const registerAgain = (store: Store, version: typeof v23): Promise<boolean> =>
  store.register({
    version,
    status: 'candidate',
    artifact: { uri: 'file:///a', digest: 'aa' },
    metrics: {},
    registeredAt: instant(0),
    registeredBy: 'ana',
    statusReason: '',
    statusAt: instant(epoch),
  });
