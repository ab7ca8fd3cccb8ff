import type { Plan } from '../../domain/plan.ts';
import type { Route } from '../../domain/route.ts';
import { UserError } from '../../domain/user-error.ts';
import { publicationsOf } from '../../engine/state.ts';
import { longestVariables } from '../../engine/variables.ts';
import type { Endpoints } from './earlier-period.ts';
import { championBreaches } from '../../monitor/judge/guardrails/champion-breach.ts';
import type { Session, Caller } from '../session.ts';
import { userKeyTrouble } from '../user-key.ts';
import { learnedConcurrency } from './learned-quota.ts';

/**
 * What the account itself would say in the middle of this rollout, asked before anything is made. What nobody may look at
 * is only warned of.
 * @throws UserError `credentials` where a permission lacks, `usage` where something else must be mended first
 */
export async function preflight(
  { output }: Caller,
  at: Session,
  {
    plan,
    endpoints,
    isDetached,
  }: { readonly plan: Plan; readonly endpoints: Endpoints; readonly isDetached: boolean },
): Promise<void> {
  const { config, connection } = at;
  const keyTrouble = await userKeyTrouble(at);
  if (keyTrouble !== null) output.say(`preflight, user id: ${keyTrouble.detail} (${keyTrouble.mend})`);
  const found = await connection.account.preflight({
    endpoint: endpoints[plan.challenger]?.name ?? '',
    variables: longestVariables(plan, routesOf(plan), endpoints),
    aliases: plan.green === undefined ? [plan.alias] : [plan.alias, plan.green],
    swapsStage: plan.steps.some(({ kind }) => kind === 'swap-stage'),
    isDetached,
    ...(await refusedBefore(connection.store)),
  });
  // A champion in trouble must not block its fix.
  for (const { sentence } of championBreaches(plan.policy)) output.say(`preflight, guardrails: ${sentence}`);
  const inTheWay = found.filter(({ blocks }) => blocks !== undefined);
  for (const { check, ok, unchecked, detail, mend } of found) {
    if (inTheWay.length === 0 && (!ok || unchecked === true))
      output.say(`preflight, ${check}: ${detail}${mend === undefined ? '' : ` (${mend})`}`);
  }
  if (inTheWay.length === 0) return;
  const isForbidden = inTheWay.some(({ blocks }) => blocks === 'permission');
  throw new UserError(
    isForbidden ? 'credentials' : 'usage',
    `${plan.challenger} can't be rolled out in ${config.name}: ${inTheWay.map(({ detail }) => detail).join('; ')}`,
    {
      why: 'found before anything was made',
      mend: [...inTheWay.flatMap(({ mend }) => mend ?? []), `mlreg doctor --environment ${config.name}`],
    },
  );
}

/** What AWS said of the account's concurrency. A store that can't be read is met by whoever begins. */
export async function refusedBefore(
  store: Parameters<typeof learnedConcurrency>[0],
): Promise<{ readonly refusedBeyond?: number }> {
  const learned = await learnedConcurrency(store).catch(() => undefined);
  return learned === undefined ? {} : { refusedBeyond: learned };
}

/** All that are published, before the first user is moved. */
const routesOf = (plan: Plan): readonly Route[] =>
  plan.steps
    .flatMap((step) => (step.kind === 'provision' ? step.routes : []))
    .flatMap((route) => publicationsOf(plan, route));
