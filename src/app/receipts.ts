import type { Plan } from '../domain/plan.ts';
import type { Receipts } from '../domain/receipts.ts';
import { PlatformError } from '../ports/platform.ts';
import type { Caller, Session } from './session.ts';
import { demand, understood } from './router-code.ts';

/**
 * Whether the answers of what a rollout publishes carry receipts. Undefined: they carry none.
 * @throws UserError where receipts are configured and the deployed router can't issue them
 */
export async function receiptsFor(caller: Caller, at: Session): Promise<Receipts | undefined> {
  const { name, receipts } = at.config;
  if (receipts === null) return undefined;
  await demand(caller, at, 'receipts-1', {
    what: 'routes with receipts (feedback.receipts in mlreg.yaml)',
    without: `or set feedback.receipts of environments.${name} to off`,
  });
  return receipts;
}

/** The same for a rollback, which nothing stands in the way of: where nobody knows, the answers carry none. */
export async function receiptsOnReturn(caller: Caller, at: Session): Promise<Pick<Plan, 'receipts'>> {
  const { receipts } = at.config;
  if (receipts === null) return {};
  try {
    return (await understood(caller, at))?.includes('receipts-1') === true ? { receipts } : {};
  } catch (error) {
    if (error instanceof PlatformError) return {};
    throw error;
  }
}
