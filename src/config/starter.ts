/**
 * The mlreg.yaml that `mlreg init` writes: short, and every default one may want to change is there to be uncommented
 * (`#key:`, as against `# A sentence.`).
 * @param model checked already
 * @param options.schema where the JSON Schema is, as seen from the file
 * @param options.image what stands behind `local://` in `local`; none: an example, commented out
 */
export function starterConfig(
  model: string,
  options: {
    readonly withLocal: boolean;
    readonly schema?: string;
    readonly image?: string;
    readonly smoke?: string;
    /** Settings of environments that are known already, as `terraformSection` gives them; in the order wanted. */
    readonly environments?: ReadonlyMap<string, string>;
  },
): string {
  const schema = options.schema ?? './node_modules/mlreg/schema/mlreg.schema.json';
  return `# yaml-language-server: $schema=${schema}
# What is not set here has a default: mlreg config show --origin
model: ${/^(true|false|null|y|n|yes|no|on|off)$/i.test(model) ? `'${model}'` : model}
defaultEnvironment: ${options.withLocal ? 'local' : 'dev'}

# sticky: a user stays on one version. weighted: Lambda draws for each request.
#routing: sticky

# What a request looks like. A new version must answer the smoke requests before it gets users.
requests:
  path: /recommend
  userKey: userId
  ${options.smoke === undefined ? '#smoke: smoke.json' : `smoke: ${options.smoke}`}

# What an answer must hold, whatever its status, or count as failed. Callers get it all the same.
#responses:
#  members: { /items: array }
#  errors: [/error]

# Who gets a challenger from the first step on, and is not judged. The token itself belongs into no file.
#testers:
#  users: ['qa-1', 'qa-2']
#  tokenSha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

# What a version's registered metrics must be before it may be deployed. Comparisons are quoted.
#acceptance:
#  auc: '>= 0.6'
#  mae: '<= 12'

# Absolute limits: a breach rolls back, unless the champion is at that level too. Each may be off.
guardrails:
  errorRate: 5%
  meanLatency: 1000ms
  endpointErrorRate: 5%
  throttleRate: 10%

#strategies:
#  canary:
#    steps: [10, 50, 100]
#    bake: 15m
#    onInconclusive: promote
#    # Users who keep the champion until the last bake is over.
#    holdBack: 2%
#  blueGreen:
#    percent: 10
#    bake: 15m
#    retireAfter: 24h
#  shadow:
#    sample: 25
#    bake: 15m
#    # What makes two answers the same, and how many may differ.
#    compare:
#      class: recommendations.0.id
#      score: recommendations.0.score
#      disagreement: 30%

# Probability of rolling back a healthy version, for a whole rollout.
#judge:
#  alpha: 1%

# Who is told. A webhook's URL is a secret: the name of the variable, or of the SSM parameter, that holds it stands here.
#notifications:
#  sns: mlreg-alerts-prod
#  slackWebhookEnv: SLACK_WEBHOOK_URL
#  slackWebhookParameter: /mlreg/prod/slack-webhook
#  teamsWebhookEnv: TEAMS_WEBHOOK_URL
#  pagerDutyKeyEnv: PAGERDUTY_ROUTING_KEY
#  eventBridge: default
#  webhookEnv: MLREG_WEBHOOK_URL
#  webhookKeyEnv: MLREG_WEBHOOK_KEY
#  github: auto

environments:
${options.withLocal ? localSection(options.image) : ''}${environmentSections(model, options.environments ?? new Map())}`;
}

/** Those known in place of the examples. */
function environmentSections(model: string, known: ReadonlyMap<string, string>): string {
  const examples = new Map([
    ['dev', '    #region: eu-west-1\n'],
    ['staging', '    approvals: 1\n    #region: eu-west-1\n'],
    ['prod', prodSection(model)],
  ]);
  return [...new Map([...examples, ...known])].map(([name, settings]) => `  ${name}:\n${settings}`).join('');
}

const prodSection = (model: string): string => `    protected: true
    approvals: 2
    # Who may approve, and the repository whose approval workflow they start. A role counts as one person.
    #approvers:
    #  github: [ana, bob]
    #  repository: acme/models
    #  roles: [arn:aws:iam::123456789012:role/mlreg-approver-prod]
    # When rollouts may start and go forward; at other times that needs --reason.
    #deployWindows:
    #  timeZone: Europe/Berlin
    #  open: [mon-thu 09:00-16:00, fri 09:00-12:00]
    #  freezes: ['2026-12-20 to 2027-01-04: Christmas']
    #region: eu-west-1
    #account: '123456789012'
    #assumeRole: arn:aws:iam::123456789012:role/mlreg-cli-prod
    #sagemaker:
    #  role: arn:aws:iam::123456789012:role/${model}-model-prod
    #  image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/${model}:1
    #  memoryMb: 2048
    #  maxConcurrency: 20
    #strategies:
    #  canary:
    #    bake: 1h
`;

function localSection(image: string | undefined): string {
  const hash = image === undefined ? '#' : '';
  return `  # The local AWS emulator: mlreg local up
  local:
    # The command of the model server, run in this folder without a shell.
    ${hash}sagemaker:
    ${hash}  image: local://${image ?? 'python3 serve.py'}
`;
}
