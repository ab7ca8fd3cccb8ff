import type { RawSection } from './layers.ts';

/** Nothing is sent anywhere that nobody has named. */
const noOtherChannel = {
  eventBridge: 'off',
  slackWebhookEnv: 'off',
  slackWebhookParameter: 'off',
  teamsWebhookEnv: 'off',
  teamsWebhookParameter: 'off',
  pagerDutyKeyEnv: 'off',
  pagerDutyKeyParameter: 'off',
  webhookEnv: 'off',
  webhookParameter: 'off',
  webhookKeyEnv: 'off',
  webhookKeyParameter: 'off',
} as const;

export const builtInEnvironments = ['dev', 'staging', 'prod', 'local'] as const;

/**
 * Every setting of an environment that nobody said anything about, written as people write it. null: there is none.
 * Names are those that the Terraform modules give. An environment that the user names is treated as staging is.
 */
export function defaultsOf(environment: string, model: string): RawSection {
  const prod = environment === 'prod';
  const bake = prod ? '1h' : '15m';
  return {
    routing: 'sticky',
    protected: prod,
    approvals: prod ? 2 : environment === 'dev' || environment === 'local' ? 0 : 1,
    approvers: {
      github: [],
      roles: [],
      repository: null,
      workflow: 'approve-rollout.yml',
      issuer: 'https://token.actions.githubusercontent.com',
    },
    deployWindows: { timeZone: 'UTC', open: [], freezes: [] },
    onInterrupt: null, // follows `protected`
    region: null,
    profile: null,
    assumeRole: null,
    account: null,
    endpointUrl: null,
    requests: { path: '/recommend', userKey: 'userId', smoke: null },
    responses: { json: 'auto', contentType: null, members: {}, errors: [], maxBytes: null },
    testers: { users: [], tokenSha256: null, header: 'x-mlreg-tester' },
    feedback: { receipts: 'off', maxAge: '14d' },
    acceptance: {},
    strategies: {
      canary: {
        steps: [10, 50, 100],
        bake,
        tick: '10s',
        onInconclusive: 'promote',
        extend: '15m',
        holdBack: 'off',
        allowLargeFirstStep: false,
      },
      blueGreen: {
        percent: 10,
        bake,
        finalBake: null, // follows `bake`
        tick: '10s',
        onInconclusive: 'promote',
        extend: '15m',
        retireAfter: null, // follows `keepPrevious`
        allowLargeFirstStep: false,
      },
      shadow: {
        sample: 25,
        bake,
        tick: '10s',
        extend: '15m',
        compare: {
          class: null,
          score: null,
          scale: 1,
          tolerance: 0.001,
          ignore: ['modelVersion'],
          show: [],
          // A better model answers otherwise too: how often it may is its owner's to say.
          disagreement: 'off',
        },
      },
      watch: { tick: '10s' },
    },
    guardrails: {
      errorRate: '5%',
      meanLatency: '1000ms',
      endpointErrorRate: '5%',
      endpointErrorsPerMinute: 'off',
      throttleRate: '10%',
      alarm: 'off',
    },
    judge: {
      alpha: '1%',
      alphaPromote: '5%',
      rollbackMargin: { ratio: 1.1, difference: '0.02%', slower: '10%' },
      refusedMore: '0.5%',
      promoteMargin: { ratio: 1.25, difference: '0.1%', slower: '20%' },
      warmUp: '5m',
      minimumBake: '5m',
      minimumTicks: 3,
      noise: 'robust',
      scope: 'attributable',
      detectableRatio: 5,
      detectableSlower: 2,
      history: '3h',
    },
    notifications: {
      sns: `mlreg-alerts-${environment}`,
      ...noOtherChannel,
      github: 'auto',
    },
    lambda: {
      function: `${model}-inference-${environment}`,
      alias: 'live',
      green: 'green',
      latest: 'refuse',
      keepVersions: 10,
      shadowFunction: `${model}-shadow-${environment}`,
    },
    api: { id: null, name: `${model}-api-${environment}`, stage: '$default' },
    sagemaker: {
      role: null,
      image: null,
      memoryMb: 2048,
      maxConcurrency: 20,
      keepWarm: '1m', // idle environments are seen to be gone after some minutes
      provisionedConcurrency: null,
      endpointQuota: null,
      concurrencyQuota: null,
      environment: {},
    },
    controller: `mlreg-rollout-${environment}`,
    table: `mlreg-${environment}`,
    keepPrevious: '24h',
    onBreach: 'rollback',
    holdAt: 'share',
    maxHold: '24h',
    horizon: '15m', // incidents of ten minutes are on record
    settle: '2m', // CloudWatch's one-minute points are complete about two minutes after their end
    approvalTimeout: '24h',
    provisionTimeout: '30m',
    unreadableLimit: 30,
    maxTries: 5,
  };
}

/**
 * What `local` has of its own, fit for minutes on a laptop. It goes before the top level, whose times are meant for AWS,
 * and before the machine's AWS settings.
 */
export function localSettings(): RawSection {
  return {
    region: 'us-east-1',
    // Throttling on a laptop would only tell how busy the laptop is.
    sagemaker: { role: 'arn:aws:iam::000000000000:role/mlreg-local', maxConcurrency: 100 },
    strategies: {
      canary: { bake: '8s', tick: '1s', extend: '30s', onInconclusive: 'promote' },
      blueGreen: { bake: '8s', tick: '1s', extend: '10s', onInconclusive: 'promote', retireAfter: '1h' },
      shadow: { bake: '8s', tick: '1s', extend: '10s' },
      watch: { tick: '1s' },
    },
    // On one machine requests fail each by itself: no retry storms, no shared users.
    judge: { warmUp: '0s', minimumBake: '5s', minimumTicks: 3, history: '1m', noise: 'independent' },
    notifications: {
      sns: 'mlreg-alerts-local',
      ...noOtherChannel,
      github: 'off',
    },
    protected: false,
    approvals: 0,
    keepPrevious: '1h',
    maxHold: '2m',
    settle: '1s',
    horizon: '10s',
    approvalTimeout: '2m',
    provisionTimeout: '2m',
    unreadableLimit: 15,
  };
}

/** Settings of an AWS account, which mean nothing to `local`: the top level's are not meant for it. */
export const accountSettings = [
  ['region'],
  ['profile'],
  ['assumeRole'],
  ['sagemaker', 'role'],
  ['sagemaker', 'image'],
] as const;

/** Settings that `local` has no use for at all. */
export const uselessLocally = {
  table: 'local keeps its state in .mlreg/local beside this file',
  account: 'local has no AWS account',
  controller: 'local has the controller that mlreg local up starts',
  profile: 'local has no AWS account',
  assumeRole: 'local has no AWS account',
} as const;
