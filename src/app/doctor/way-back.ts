import { armOf } from '../../domain/arm.ts';
import { endpointOf } from '../../domain/names.ts';
import type { VersionRecord } from '../../domain/registry.ts';
import { instant } from '../../domain/units.ts';
import type { AccountFinding as Finding } from '../../ports/account.ts';
import { generationsOf, nextGeneration } from '../../registry/generations.ts';
import { mayHaveServed, previousGood, previousUnproven, standingOf } from '../../registry/known-good.ts';
import { findReturn } from '../../runner/find-return.ts';
import type { RolloutState } from '../../engine/state.ts';
import type { Session } from '../session.ts';

/** Whether a rollout can go back to the champion, and where `mlreg rollback` leads now. */
export async function wayBack(
  at: Session,
  champion: VersionRecord,
  running: RolloutState | null,
): Promise<Omit<Finding, 'check'>> {
  const { config, connection } = at;
  const { endpoint, version } = champion;
  const mend = `mlreg rollback --to ${version} --environment ${config.name}`;
  if (endpoint === undefined)
    return { ok: false, detail: `${version} has no endpoint in the registry`, mend };
  const { kind } = await connection.platform.endpoint(endpoint.name);
  if (kind !== 'in-service') return { ok: false, detail: `${endpoint.name} is ${kind}`, mend };
  const isTheWay = running?.plan.champion === version;
  const leads = isTheWay ? `a rollback to ${version} would reach it` : await leadsTo(at);
  const unknown = unknownText(await connection.store.versions(), config.name);
  return {
    ok: true,
    detail: `${endpoint.name} is in service; ${leads}${unknown}`,
    ...(unknown === '' ? {} : { warning: true }),
  };
}

/** A registry that was rebuilt does not know of each version whether it served everybody. */
function unknownText(records: readonly VersionRecord[], environment: string): string {
  const [first, ...others] = mayHaveServed(records);
  if (first === undefined) return '';
  const names = [first, ...others].map(({ version }) => version).join(', ');
  return `; whether ${names} ever served everybody was lost with the store: mlreg rollback --to ${first.version} --environment ${environment} asks first`;
}

/** Who would provision a generation that is only looked at. */
const nobody = { at: instant(0), by: '', why: '' };

async function leadsTo({ config, connection }: Session): Promise<string> {
  const records = await connection.store.versions();
  const record = previousGood(records);
  const unproven = previousUnproven(records);
  const proof = unproven === undefined ? undefined : standingOf(unproven);
  if (record === undefined && unproven !== undefined && proof?.kind === 'unproven')
    return `mlreg rollback goes to ${unproven.version}, and asks first: since ${proof.by} nobody knows whether it was good`;
  const standing = record === undefined ? undefined : standingOf(record);
  if (record === undefined || standing?.kind !== 'good')
    return 'no earlier version is known good, so mlreg rollback would move nobody';
  const { builds } = await findReturn(connection.platform, {
    record,
    service: standing.service,
    next: endpointOf(
      { model: config.model, environment: config.name },
      nextGeneration(generationsOf(records, armOf(record.version).version), nobody),
    ),
  });
  const first = builds === undefined ? '' : `, which has to be built first: ${builds}`;
  return `mlreg rollback goes to ${record.version}${first}`;
}
