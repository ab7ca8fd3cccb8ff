import type { Plan } from '../domain/plan.ts';
import type { JudgePolicy } from '../domain/policy.ts';
import type { Route } from '../domain/route.ts';
import type { ShadowSetup } from '../domain/shadow.ts';
import { percent, rolloutId, unreachable, type VersionTag } from '../domain/units.ts';
import type { RolloutState } from './state.ts';

/** What the variables of a route are made of. */
interface Source extends Pick<RolloutState, 'id' | 'token' | 'salt' | 'endpoints'> {
  readonly plan: Pick<Plan, 'routing' | 'shadow' | 'answers' | 'testers' | 'receipts' | 'challenger'> & {
    readonly policy?: Pick<JudgePolicy, 'users'>;
  };
}

/**
 * The variables of each of these routes, each as long as it can become: for Lambda limits their size, and a rollout has
 * to know before it creates anything. A person may ask for another share than the plan's (`mlreg traffic`), so a split
 * is measured with the longest one.
 * @param routes as they are published, one Lambda version each
 */
export function longestVariables(
  plan: Source['plan'],
  routes: readonly Route[],
  endpoints: Source['endpoints'],
): readonly Readonly<Record<string, string>>[] {
  const source: Source = { plan, endpoints, ...longest };
  const shares = routes.flatMap((route) =>
    route.kind === 'split' ? [{ ...route, percent: longestShare }] : [],
  );
  return [...routes, ...shares].map((route) => variablesFor(source, route));
}

/** As long as `machine.ts` makes them, and a token that no environment comes to. */
const longest = { id: rolloutId('r-00000000'), salt: 'A'.repeat(22), token: 9_999_999_999 };
/** People's shares have two decimals at most. */
const longestShare = percent(99.99);

/**
 * The Lambda environment that makes a published version serve this route. Sticky: the whole route in MLREG_ROUTE, with
 * rollout and token, so that even an unchanged route publishes a version of its own. Weighted: one model version each,
 * and nothing that only mlreg's router would understand.
 */
export function variablesFor(state: Source, route: Route): Readonly<Record<string, string>> {
  const arm = (version: VersionTag): { version: VersionTag; endpoint: string } => {
    const endpoint = state.endpoints[version];
    if (endpoint === undefined) throw new Error(`${state.id} knows no endpoint of ${version}`);
    return { version, endpoint: endpoint.name };
  };
  if (state.plan.routing === 'weighted') {
    if (route.kind !== 'single') throw new Error('weighted routing publishes one model version at a time');
    // Some routers prefer MLREG_ROUTE: an empty one from an earlier sticky rollout must not outlive it.
    return {
      MODEL_VERSION: route.version,
      SAGEMAKER_ENDPOINT: arm(route.version).endpoint,
      MLREG_ROUTE: '',
      MLREG_ROLLOUT: state.id,
      MLREG_WEIGHTED: weightedOf(state, arm),
    };
  }
  const common = {
    rollout: state.id,
    token: state.token,
    salt: state.salt,
    ...answersOf(state),
    ...receiptsOf(state),
  };
  switch (route.kind) {
    case 'single':
      return sticky({ ...common, champion: arm(route.version), percent: 0 });
    case 'split':
      return sticky({
        ...common,
        champion: arm(route.champion),
        challenger: arm(route.challenger),
        percent: route.percent,
        ...assignmentOf(state),
        ...testersOf(state),
      });
    case 'shadow':
      return sticky({
        ...common,
        champion: arm(route.champion),
        challenger: arm(route.challenger),
        percent: 0,
        shadow: { sample: route.sample, ...shadowOf(state) },
      });
    default:
      return unreachable(route);
  }
}

/** Empty where there is nothing: what an earlier rollout left in $LATEST must not outlive it. */
function weightedOf(state: Source, arm: (version: VersionTag) => object): string {
  const { plan } = state;
  const settings = {
    ...answersOf(state),
    ...receiptsOf(state),
    // Lambda draws a version before any code runs, so the champion's has to know where testers belong.
    ...(plan.testers !== undefined && { testers: plan.testers, challenger: arm(plan.challenger) }),
  };
  return Object.keys(settings).length === 0 ? '' : JSON.stringify(settings);
}

const testersOf = ({ plan: { testers } }: Source): Pick<Plan, 'testers'> =>
  testers === undefined ? {} : { testers };

/** Also at rest, for labels come after a rollout as well, and by whom they were answered stands in the receipt. */
const receiptsOf = ({ plan: { receipts } }: Source): Pick<Plan, 'receipts'> =>
  receipts === undefined ? {} : { receipts };

const answersOf = ({ plan: { answers } }: Source): Pick<Plan, 'answers'> =>
  answers === undefined ? {} : { answers };

/**
 * Users by bucket where the plan compares them so. A plan from before has no such policy: its users stay where the hash of
 * their id put them, on a router that may know no other way.
 */
function assignmentOf({ plan: { policy } }: Source): object {
  if (policy?.users === undefined) return {};
  const { aside } = policy.users;
  return { assign: 'buckets-1', ...(aside.length > 0 && { aside }) };
}

function shadowOf({ id, plan }: Source): ShadowSetup {
  if (plan.shadow === undefined) throw new Error(`${id} has no shadow function`);
  return plan.shadow;
}

const sticky = (route: object): Readonly<Record<string, string>> => ({ MLREG_ROUTE: JSON.stringify(route) });
