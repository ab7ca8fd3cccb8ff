import { judgePolicy, type EnvironmentConfig, tooShort } from '../../config/index.ts';
import type { OnInconclusive, Plan } from '../../domain/plan.ts';
import { formatDuration } from '../../domain/parse.ts';
import type { ArmTick } from '../../domain/observation.ts';
import type { UserPolicy } from '../../domain/policy.ts';
import type { VersionRecord } from '../../domain/registry.ts';
import { type Percent, percent, type VersionTag } from '../../domain/units.ts';
import { bucketsAt } from '../../domain/user-bucket.ts';
import { UserError } from '../../domain/user-error.ts';
import { blueGreen } from '../../strategies/blue-green.ts';
import { canary } from '../../strategies/canary.ts';
import { allAtOnce } from '../../strategies/common.ts';
import type { Settings } from '../../strategies/settings.ts';
import { shadow } from '../../strategies/shadow.ts';
import { answerContract } from './answers.ts';
import type { Session, Caller } from '../session.ts';
import { type EarlierPeriod, earlierPeriod, type Endpoints, historyTickMs } from './earlier-period.ts';
import { stepsBeside } from './hold-back.ts';
import { lastWeek } from './last-week.ts';
import { testersFor } from './testers.ts';
import { userPolicy } from './users.ts';
import type { Words } from './words.ts';

/** Settings that all plans share. */
export function settingsFor(
  config: EnvironmentConfig,
  roles: { readonly champion: VersionTag | null; readonly challenger: VersionTag },
  bakes: {
    readonly shares: readonly number[];
    readonly bakeMs: number;
    /** One more, at 100 %. */
    readonly finalBakeMs?: number;
    readonly tickMs: number;
  },
  history: readonly ArmTick[],
  users?: UserPolicy,
): Settings {
  const ticksIn = (ms: number): number => Math.max(1, Math.round(ms / bakes.tickMs));
  const { finalBakeMs } = bakes;
  const last = finalBakeMs === undefined ? [] : [{ percent: 100, ticks: ticksIn(finalBakeMs) }];
  return {
    model: config.model,
    environment: config.name,
    champion: roles.champion,
    challenger: roles.challenger,
    routing: config.routing,
    alias: config.lambda.alias,
    ...(config.lambda.green === null ? {} : { green: config.lambda.green }),
    policy: judgePolicy(config, {
      // A step for testers alone is not judged.
      steps: [
        ...bakes.shares
          .filter((share) => share > 0)
          .map((share) => ({ percent: share, ticks: ticksIn(bakes.bakeMs) })),
        ...last,
      ],
      tickMs: bakes.tickMs,
      history,
      historyTickMs: historyTickMs(bakes.tickMs),
      ...(users === undefined ? {} : { users }),
    }),
    tickMs: bakes.tickMs,
    settleMs: config.settleMs,
    horizonMs: Math.max(config.horizonMs, config.settleMs),
    ...(config.onBreach === undefined ? {} : { onBreach: config.onBreach }),
    maxHoldMs: config.maxHoldMs,
    approvals: config.approvals,
    ...(config.kind === 'local' ? {} : { approvers: config.approvers }),
    ...(config.deployWindows === null ? {} : { windows: config.deployWindows }),
    approvalTimeoutMs: config.approvalTimeoutMs,
    provisionTimeoutMs: config.provisionTimeoutMs,
    keepPreviousMs: config.keepPreviousMs,
    unreadableMs: config.unreadableLimit * bakes.tickMs,
    maxTries: config.maxTries,
  };
}

export async function compile(
  context: Caller,
  at: Session,
  words: Words,
  champion: VersionRecord | null,
  endpoints: Endpoints,
  {
    approvalRequired,
    ...more
  }: { readonly approvalRequired: boolean } & Pick<Settings, 'replaces' | 'serving'>,
): Promise<Plan> {
  const { config } = at;
  if (words.strategy === 'all-at-once' && config.protected) {
    throw new UserError('usage', `${config.name} is protected, so all-at-once is refused`, {
      why: 'nothing would be watched before everybody is moved',
      mend: '--strategy canary',
    });
  }
  const { canary: own, blueGreen: twin, shadow: copy } = config.strategies;
  const defaults =
    words.strategy === 'canary'
      ? own
      : words.strategy === 'blue-green'
        ? twin
        : { ...copy, onInconclusive: 'hold' as OnInconclusive };
  const bakeMs = words.bakeMs ?? defaults.bakeMs;
  const tickMs = words.tickMs ?? defaults.tickMs;
  if (words.strategy !== 'all-at-once') refuseShortBake(config, words, { bakeMs, tickMs });
  const steps = sharesOf(config, words);
  const earlier = champion === null ? null : await earlierPeriod(context, at, champion, endpoints, tickMs);
  const isCompared = words.strategy === 'canary' || words.strategy === 'blue-green';
  const comparesUsers = config.routing === 'sticky' && isCompared;
  if (comparesUsers) refuseFinerThanBuckets(steps);
  if (words.strategy === 'all-at-once') refuseWhereCalled(config, champion, earlier);
  const users =
    champion === null || earlier === null || !comparesUsers
      ? undefined
      : await userPolicy(context, at, champion, earlier);
  const roles = { champion: champion?.version ?? null, challenger: words.version };
  // `--bake` means every bake.
  const finalBakeMs = words.bakeMs ?? twin.finalBakeMs;
  const final = words.strategy === 'blue-green' ? { finalBakeMs } : {};
  const bakes = { shares: steps, bakeMs, tickMs, ...final };
  const answers = await answerContract(context, at, earlier, {
    sharesRouter: comparesUsers && champion !== null,
  });
  const testers = champion === null ? undefined : await testersFor(context, at, words, steps);
  const bakesAlone = words.strategy === 'blue-green' || (words.strategy === 'canary' && steps.at(-1) === 100);
  const week =
    champion === null || !bakesAlone ? undefined : await lastWeek(context, at, champion, endpoints);
  const shared = settingsFor(config, roles, bakes, earlier?.ticks ?? [], users);
  const settings: Settings = {
    ...shared,
    ...(week === undefined ? {} : { policy: { ...shared.policy, lastWeek: week } }),
    ...(answers === undefined ? {} : { answers }),
    ...(testers === undefined ? {} : { testers }),
    ...more,
  };
  const withApproval =
    approvalRequired && settings.approvals === 0 ? { ...settings, approvals: 1 } : settings;
  const bake = { bakeMs, extendMs: defaults.extendMs, onInconclusive: defaults.onInconclusive };
  switch (words.strategy) {
    case 'all-at-once':
      return allAtOnce(withApproval);
    case 'canary':
      return canary({ ...withApproval, ...bake, steps, holdBack: heldBack(config, words) ?? undefined });
    case 'blue-green':
      return blueGreen({
        ...withApproval,
        ...bake,
        percent: steps[0] ?? twin.percent,
        finalBakeMs,
        keepPreviousMs: twin.retireAfterMs,
      });
    case 'shadow':
      return shadow({
        ...withApproval,
        ...bake,
        policy: {
          ...withApproval.policy,
          ...(copy.disagreement === null ? {} : { disagreement: copy.disagreement }),
        },
        sample: words.sample ?? copy.sample,
        setup: { function: `${config.lambda.shadowFunction}:live`, comparison: copy.comparison },
        keep: words.keep,
      });
  }
}

/** Without a bake nobody is compared with anybody: that is for users who are not there. */
function refuseWhereCalled(
  { name }: EnvironmentConfig,
  champion: VersionRecord | null,
  earlier: EarlierPeriod | null,
): void {
  if (champion === null || earlier === null) return;
  const requests = earlier.ticks.reduce(
    (sum, tick) => sum + tick.requests + (tick.aside?.requests ?? 0),
    earlier.anonymous?.requests ?? 0,
  );
  if (requests === 0) return;
  throw new UserError('usage', `${name} is in use, so all-at-once is refused`, {
    why: `${champion.version} answered ${requests} requests before, and their callers would all move to an unproven version`,
    mend: '--strategy canary',
  });
}

/** Sticky routing gives the challenger whole buckets of users, of which there are 1,000. */
function refuseFinerThanBuckets(shares: readonly Percent[]): void {
  const odd = shares.find((share) => Math.abs(10 * share - bucketsAt(share)) > 1e-9);
  if (odd === undefined) return;
  throw new UserError('usage', `a share of ${odd} % is finer than sticky routing can assign`, {
    why: 'users are assigned by 1,000 buckets, so a share is a multiple of 0.1 %',
    mend: `--steps ${Math.max(0.1, bucketsAt(odd) / 10)},100`,
  });
}

/** The challenger's shares, as the judge looks at them: in shadow each request that counts was answered by both. */
function sharesOf(config: EnvironmentConfig, words: Words): readonly Percent[] {
  const { strategy, steps } = words;
  switch (strategy) {
    case 'canary': {
      const held = heldBack(config, words);
      const shares = canarySteps(config, steps);
      return held === null ? shares : stepsBeside(shares, held, config);
    }
    case 'blue-green':
      return [steps?.[0] ?? config.strategies.blueGreen.percent];
    case 'shadow':
      return [percent(50)];
    case 'all-at-once':
      return [percent(100)];
  }
}

const heldBack = (config: EnvironmentConfig, { holdBack }: Words): Percent | null =>
  holdBack === undefined ? config.strategies.canary.holdBack : holdBack;

/** `--percent 5` begins lower, or higher, than the configured steps; those above it stay. */
function canarySteps(config: EnvironmentConfig, asked: readonly Percent[] | undefined): readonly Percent[] {
  const configured = config.strategies.canary.steps;
  const [first] = asked ?? [];
  const steps =
    first === undefined
      ? configured
      : asked?.length === 1
        ? [first, ...configured.filter((share) => share > first)]
        : (asked ?? configured);
  const begins = steps.find((share) => share > 0) ?? 0;
  if (begins > 20 && !config.strategies.canary.allowLargeFirstStep) {
    throw new UserError('usage', `the first step would be ${begins} %`, {
      why: 'an unknown version gets at most 20 % of users at first',
      mend: [
        '--steps 10,50,100',
        `or set environments.${config.name}.strategies.canary.allowLargeFirstStep: true`,
      ],
    });
  }
  return steps;
}

/** mlreg.yaml is refused for the same. @throws UserError usage, where the flags leave no bake that could pass */
function refuseShortBake(
  { judge }: EnvironmentConfig,
  { bakeMs, tickMs }: Words,
  bake: { readonly bakeMs: number; readonly tickMs: number },
): void {
  const short = bakeMs === undefined && tickMs === undefined ? null : tooShort(bake, judge);
  if (short === null) return;
  throw new UserError('usage', `${bakeMs === undefined ? '--tick' : '--bake'}: ${short.sentence}`, {
    mend: [`--bake ${formatDuration(short.leastMs)}`, `or set ${short.mend} in mlreg.yaml`],
  });
}
