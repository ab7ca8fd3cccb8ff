import { join, resolve } from 'node:path';
import type { AnswerContract, MemberType } from '../domain/answer-contract.ts';
import type { Approvers } from '../domain/approvers.ts';
import { type DeployWindows, parseFreeze, parseOpenHours } from '../domain/deploy-windows.ts';
import type { Plan } from '../domain/plan.ts';
import type { Guardrails, JudgePolicy } from '../domain/policy.ts';
import type { Routing } from '../domain/route.ts';
import { type Testers, testersOf } from '../domain/testers.ts';
import type { Comparison } from './leaves.ts';
import { localImage } from './local-image.ts';
import type { Overlooked } from './lenient.ts';
import { environmentSchema, type Settings } from './schema.ts';
import {
  type BlueGreenSettings,
  type CanarySettings,
  type ShadowSettings,
  strategySettings,
  type WatchSettings,
} from './strategy-settings.ts';

/** The judge's policy without guardrails, and without what only a plan knows. */
export interface JudgeSettings
  extends Omit<
    JudgePolicy,
    'guardrails' | 'disagreement' | 'tickMs' | 'steps' | 'history' | 'historyTickMs'
  > {
  /** How much of the champion's past is read before the rollout. */
  readonly historyMs: number;
}

/** What a version's registered metric must be. */
export interface Criterion {
  readonly metric: string;
  readonly comparison: Comparison;
  readonly limit: number;
}

/** One environment with every value present. Durations in ms, shares 0 to 1, null where there is none. */
export interface EnvironmentConfig {
  readonly name: string;
  readonly kind: 'aws' | 'local';
  readonly model: string;
  readonly protected: boolean;
  readonly approvals: number;
  readonly approvers: Approvers;
  /** null: at any time. */
  readonly deployWindows: DeployWindows | null;
  /** null: as the SDK finds it. */
  readonly region: string | null;
  readonly profile: string | null;
  /** ARN. */
  readonly assumeRole: string | null;
  readonly endpointUrl: string | null;
  /** The only account that may be touched; null: any. */
  readonly account: string | null;
  readonly onInterrupt: 'rollback' | 'hold';
  readonly routing: Routing;
  readonly requests: {
    readonly path: string;
    readonly userKey: string;
    /** Absolute. */
    readonly smokeFile: string | null;
  };
  readonly responses: {
    /** `auto`: as the champion's answers were. */
    readonly json: 'auto' | 'required' | 'any';
    /** All that is demanded beside. */
    readonly contract: Omit<AnswerContract, 'json'>;
  };
  /** Users by the digests of their ids; null: there are none. */
  readonly testers: Testers | null;
  readonly acceptance: readonly Criterion[];
  readonly strategies: {
    readonly canary: CanarySettings;
    readonly blueGreen: BlueGreenSettings;
    readonly shadow: ShadowSettings;
    readonly watch: WatchSettings;
  };
  readonly guardrails: Guardrails;
  readonly judge: JudgeSettings;
  readonly notifications: {
    /** Name or ARN. */
    readonly sns: string | null;
    /** Name or ARN of a bus. */
    readonly eventBridge: string | null;
    /** Secrets are named, by variable and by SSM parameter. */
    readonly slackWebhookEnv: string | null;
    readonly slackWebhookParameter: string | null;
    readonly teamsWebhookEnv: string | null;
    readonly teamsWebhookParameter: string | null;
    readonly pagerDutyKeyEnv: string | null;
    readonly pagerDutyKeyParameter: string | null;
    readonly webhookEnv: string | null;
    readonly webhookParameter: string | null;
    readonly webhookKeyEnv: string | null;
    readonly webhookKeyParameter: string | null;
    readonly github: 'auto' | 'off';
  };
  readonly lambda: {
    readonly function: string;
    readonly alias: string;
    readonly green: string | null;
    readonly latest: 'refuse' | 'take';
    /** Newest Lambda versions of mlreg's that gc leaves, also where nothing refers to them. */
    readonly keepVersions: number;
    readonly shadowFunction: string;
  };
  /** `id` null: to be found by its name. */
  readonly api: { readonly id: string | null; readonly name: string; readonly stage: string };
  readonly sagemaker: {
    readonly role: string | null;
    /** In `local` as `localImage` writes it. */
    readonly image: string | null;
    readonly memoryMb: number;
    readonly maxConcurrency: number;
    /** How often the endpoint to which users may return is kept warm; null: never. */
    readonly keepWarmMs: number | null;
    /** Environments of each endpoint that are always warm; null: none. */
    readonly provisionedConcurrency: number | null;
    /** Endpoints that the account may have in the Region; null: nobody said. */
    readonly endpointQuota: number | null;
    /** Sum of the concurrency of the account's serverless endpoints in the Region; null: nobody said. */
    readonly concurrencyQuota: number | null;
    readonly environment: Readonly<Record<string, string>>;
  };
  readonly store:
    | { readonly kind: 'dynamodb'; readonly table: string }
    | { readonly kind: 'embedded'; readonly directory: string };
  /** State machine of the rollout controller, name or ARN; null where there is none. */
  readonly controller: string | null;
  readonly keepPreviousMs: number;
  /** What a breach does instead of rolling back. */
  readonly onBreach: Plan['onBreach'];
  readonly maxHoldMs: number;
  readonly settleMs: number;
  readonly horizonMs: number;
  readonly approvalTimeoutMs: number;
  readonly provisionTimeoutMs: number;
  readonly unreadableLimit: number;
  readonly maxTries: number;
  /** Of a lenient reading, also where there are none; undefined: the reading was strict. */
  readonly overlooked?: Overlooked;
}

/**
 * @param raw every setting, as people write it
 * @param directory of mlreg.yaml, to which file names are relative
 */
export function environmentConfig(
  raw: unknown,
  { name, model, directory }: { readonly name: string; readonly model: string; readonly directory: string },
): EnvironmentConfig {
  const settings = environmentSchema.parse(raw);
  const { requests, judge, lambda, api, notifications } = settings;
  const { keepWarm, ...sagemaker } = settings.sagemaker;
  const local = name === 'local';
  return {
    name,
    kind: local ? 'local' : 'aws',
    model,
    protected: settings.protected,
    approvals: settings.approvals,
    approvers: settings.approvers,
    deployWindows: windowsOf(settings.deployWindows),
    region: settings.region,
    profile: settings.profile,
    assumeRole: settings.assumeRole,
    endpointUrl: settings.endpointUrl,
    account: settings.account,
    onInterrupt: settings.onInterrupt,
    routing: settings.routing,
    requests: {
      path: requests.path,
      userKey: requests.userKey,
      smokeFile: requests.smoke === null ? null : resolve(directory, requests.smoke),
    },
    responses: { json: settings.responses.json, contract: contractOf(settings.responses) },
    testers: testersOf(settings.testers),
    acceptance: Object.entries(settings.acceptance).flatMap(([metric, criterion]) =>
      criterion === null ? [] : [{ metric, ...criterion }],
    ),
    strategies: strategySettings(settings),
    guardrails: {
      errorRate: settings.guardrails.errorRate,
      meanLatencyMs: settings.guardrails.meanLatency,
      endpointErrorRate: settings.guardrails.endpointErrorRate,
      endpointErrorsPerMinute: settings.guardrails.endpointErrorsPerMinute,
      throttleRate: settings.guardrails.throttleRate,
      alarm: settings.guardrails.alarm,
    },
    judge: {
      alpha: judge.alpha,
      alphaPromote: judge.alphaPromote,
      rollbackMargin: judge.rollbackMargin,
      refusedMore: judge.refusedMore,
      promoteMargin: judge.promoteMargin,
      warmUpMs: judge.warmUp,
      minimumBakeMs: judge.minimumBake,
      minimumTicks: judge.minimumTicks,
      noise: judge.noise,
      scope: judge.scope,
      detectableRatio: judge.detectableRatio,
      detectableSlower: judge.detectableSlower,
      historyMs: judge.history,
    },
    notifications,
    lambda,
    api,
    sagemaker: { ...sagemaker, keepWarmMs: keepWarm, image: localImage(sagemaker.image, directory) },
    store:
      local || settings.table === null
        ? { kind: 'embedded', directory: join(directory, '.mlreg', name) }
        : { kind: 'dynamodb', table: settings.table },
    controller: settings.controller,
    keepPreviousMs: settings.keepPrevious,
    onBreach:
      settings.onBreach === 'rollback' ? undefined : settings.holdAt === 'zero' ? 'hold-at-zero' : 'hold',
    maxHoldMs: settings.maxHold,
    settleMs: settings.settle,
    horizonMs: settings.horizon,
    approvalTimeoutMs: settings.approvalTimeout,
    provisionTimeoutMs: settings.provisionTimeout,
    unreadableLimit: settings.unreadableLimit,
    maxTries: settings.maxTries,
  };
}

function contractOf({
  contentType,
  members,
  errors,
  maxBytes,
}: Settings['responses']): Omit<AnswerContract, 'json'> {
  const demanded = Object.entries(members).filter(
    (entry): entry is [string, MemberType] => entry[1] !== 'off',
  );
  return {
    ...(contentType === null ? {} : { contentType }),
    ...(demanded.length === 0 ? {} : { members: Object.fromEntries(demanded) }),
    ...(errors.length === 0 ? {} : { errors }),
    ...(maxBytes === null ? {} : { maxBytes }),
  };
}

function windowsOf({ timeZone, open, freezes }: Settings['deployWindows']): DeployWindows | null {
  if (open.length === 0 && freezes.length === 0) return null;
  const known = <T>(parsed: T | null): T[] => (parsed === null ? [] : [parsed]);
  return {
    timeZone,
    open: open.flatMap((text) => known(parseOpenHours(text))),
    freezes: freezes.flatMap((text) => known(parseFreeze(text))),
  };
}
