import * as z from 'zod';
import * as leaf from './leaves.ts';

/** A secret's place in the environment of the process, never the secret. */
function secretVariable(of: string, example: string, what: string) {
  return leaf
    .text(
      `Name of the environment variable that holds ${of}; ${what === 'a webhook URL' ? 'the URL' : 'the key'} itself is a secret and does not belong here.`,
      /^([A-Z_][A-Z0-9_]*|off)$/,
      `the NAME of an environment variable, such as ${example}, or off (${what} is a secret: keep it out of files)`,
      'secret',
    )
    .transform(orOff);
}

/** For processes without that variable. */
function secretParameter(of: string, example: string, what: string) {
  return leaf
    .text(
      `Name of the SSM parameter that holds ${of}, for processes without that environment variable, such as the controller.`,
      /^(\/?[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+){0,14}|off)$/,
      `the NAME of an SSM parameter, such as /mlreg/prod/${example}, or off (${what} is a secret: keep it out of files)`,
      'secret',
    )
    .transform(orOff);
}

export const notifications = z
  .strictObject({
    sns: leaf
      .text(
        'SNS topic, by name or ARN; `off` for none.',
        /^(arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:)?[A-Za-z0-9_-]{1,256}$/,
        'the name or ARN of an SNS topic, such as mlreg-alerts-prod, or off',
      )
      .transform(orOff),
    eventBridge: leaf
      .text(
        'EventBridge bus, by name or ARN; `off` for none. Events have the source `mlreg`.',
        /^(arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus\/)?[\w./-]{1,256}$/,
        'the name or ARN of an event bus, such as default, or off',
      )
      .transform(orOff),
    slackWebhookEnv: secretVariable('the Slack webhook', 'SLACK_WEBHOOK_URL', 'a webhook URL'),
    slackWebhookParameter: secretParameter('the Slack webhook', 'slack-webhook', 'a webhook URL'),
    teamsWebhookEnv: secretVariable(
      'the webhook of a Microsoft Teams workflow',
      'TEAMS_WEBHOOK_URL',
      'a webhook URL',
    ),
    teamsWebhookParameter: secretParameter(
      'the webhook of a Microsoft Teams workflow',
      'teams-webhook',
      'a webhook URL',
    ),
    pagerDutyKeyEnv: secretVariable(
      'the PagerDuty routing key (Events API v2), which is used where a rollout is stuck',
      'PAGERDUTY_ROUTING_KEY',
      'a routing key',
    ),
    pagerDutyKeyParameter: secretParameter(
      'the PagerDuty routing key (Events API v2), which is used where a rollout is stuck',
      'pagerduty-key',
      'a routing key',
    ),
    webhookEnv: secretVariable('the URL of any HTTPS receiver', 'MLREG_WEBHOOK_URL', 'a webhook URL'),
    webhookParameter: secretParameter('the URL of any HTTPS receiver', 'webhook', 'a webhook URL'),
    webhookKeyEnv: secretVariable(
      'the key that signs what that receiver gets',
      'MLREG_WEBHOOK_KEY',
      'a signing key',
    ),
    webhookKeyParameter: secretParameter(
      'the key that signs what that receiver gets',
      'webhook-key',
      'a signing key',
    ),
    github: leaf.choice(
      'GitHub deployment statuses. `auto`: sent if a GitHub job passes its GITHUB_TOKEN (deployments: write).',
      ['auto', 'off'],
    ),
  })
  .meta({ description: 'Notification recipients.' });

function orOff(written: string): string | null {
  return written === 'off' ? null : written;
}
