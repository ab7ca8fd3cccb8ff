import type { Plan } from '../../domain/plan.ts';
import type { Instant } from '../../domain/units.ts';
import type { Power } from '../../view/power-answer.ts';
import { powerOf } from '../../view/power.ts';
import type { Caller, Session } from '../session.ts';
import { generationFor, prepare } from './prepare.ts';
import { windowData } from './window.ts';
import type { RolloutOptions } from './words.ts';

/** What would be done, and what its bakes could detect. */
export interface Planned {
  readonly plan: Plan;
  readonly power: Power;
}

export const withPower = (plan: Plan): Planned => ({ plan, power: powerOf(plan) });

/** The same for machines. */
export function planData(
  at: Session,
  { plan, power }: Planned,
  now: Instant,
): Readonly<Record<string, unknown>> {
  const window = windowData(at, now);
  return { kind: 'Plan', plan, power, ...(window === null ? {} : { window }) };
}

/** Changes nothing. @throws UserError where such a rollout could not begin */
export async function planRollout(caller: Caller, at: Session, options: RolloutOptions): Promise<Planned> {
  const choice = await generationFor(caller, at, options);
  const { plan } = await prepare(caller, at, options, { choice, begins: false });
  return withPower(plan);
}
