import type { Clients } from '../aws/clients.ts';
import type { EnvironmentConfig } from '../config/index.ts';
import type { Channel, Clock } from '../ports/index.ts';
import { network } from './network-of-process.ts';

/** Where an environment's notices go. */
export async function channelsOf(
  { notifications }: EnvironmentConfig,
  clients: Clients,
  clock: Pick<Clock, 'now'>,
): Promise<Channel[]> {
  const { sns, eventBridge, github } = notifications;
  const channels: Channel[] = [];
  const proxy = await network();
  const reach = proxy === null ? {} : { proxy };
  /** A secret by the variable or the SSM parameter that mlreg.yaml names; null where it names none. */
  const secretOf = (variable: string | null, parameter: string | null): (() => Promise<string>) | null => {
    if (variable === null && parameter === null) return null;
    const value = variable === null ? undefined : process.env[variable];
    return async () => {
      if (value !== undefined && value !== '') return value;
      if (parameter === null) throw new Error(`the variable ${variable} is not set here`);
      return (await import('../aws/ssm-secret.ts')).readSecret(clients, parameter);
    };
  };
  if (sns !== null) {
    const { createNotifier } = await import('../aws/sns-notifier.ts');
    channels.push({ name: 'sns', ...createNotifier({ clients, topic: sns }) });
  }
  if (eventBridge !== null) {
    const [{ eventBusChannel }, { messageOf }] = await Promise.all([
      import('../aws/event-bus.ts'),
      import('../notify/webhook.ts'),
    ]);
    channels.push(eventBusChannel(clients, eventBridge, messageOf));
  }
  const slack = secretOf(notifications.slackWebhookEnv, notifications.slackWebhookParameter);
  if (slack !== null) channels.push((await import('../notify/slack.ts')).slackChannel(slack, reach));
  const teams = secretOf(notifications.teamsWebhookEnv, notifications.teamsWebhookParameter);
  if (teams !== null) channels.push((await import('../notify/teams.ts')).teamsChannel(teams, reach));
  const pagerDuty = secretOf(notifications.pagerDutyKeyEnv, notifications.pagerDutyKeyParameter);
  if (pagerDuty !== null)
    channels.push((await import('../notify/pagerduty.ts')).pagerDutyChannel(pagerDuty, reach));
  const url = secretOf(notifications.webhookEnv, notifications.webhookParameter);
  if (url !== null) {
    const key =
      secretOf(notifications.webhookKeyEnv, notifications.webhookKeyParameter) ??
      (() =>
        Promise.reject(
          new Error('the webhook has no signing key: set notifications.webhookKeyEnv or webhookKeyParameter'),
        ));
    const { webhookChannel } = await import('../notify/webhook.ts');
    channels.push(webhookChannel({ url, key, now: () => clock.now() }, reach));
  }
  if (github === 'auto') {
    const { gitHubChannel, gitHubOptions } = await import('../notify/github.ts');
    const options = gitHubOptions(process.env);
    if (options !== null) channels.push(gitHubChannel(options, reach));
  }
  return channels;
}
