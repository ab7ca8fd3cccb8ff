import type { Clients } from '../aws/clients.ts';
import type { EnvironmentConfig } from '../config/index.ts';
import type { Channel } from '../ports/index.ts';
import { network } from './network-of-process.ts';

/** Where an environment's notices go. */
export async function channelsOf({ notifications }: EnvironmentConfig, clients: Clients): Promise<Channel[]> {
  const { sns, slackWebhookEnv, slackWebhookParameter, github } = notifications;
  const channels: Channel[] = [];
  const proxy = await network();
  const reach = proxy === null ? {} : { proxy };
  if (sns !== null) {
    const { createNotifier } = await import('../aws/sns-notifier.ts');
    channels.push({ name: 'sns', ...createNotifier({ clients, topic: sns }) });
  }
  const webhook = slackWebhookEnv === null ? undefined : process.env[slackWebhookEnv];
  if (slackWebhookEnv !== null || slackWebhookParameter !== null) {
    const { slackChannel } = await import('../notify/slack.ts');
    const secret = async (): Promise<string> => {
      if (webhook !== undefined && webhook !== '') return webhook;
      if (slackWebhookParameter === null) throw new Error(`the variable ${slackWebhookEnv} is not set here`);
      return (await import('../aws/ssm-secret.ts')).readSecret(clients, slackWebhookParameter);
    };
    channels.push(slackChannel(secret, reach));
  }
  if (github === 'auto') {
    const { gitHubChannel, gitHubOptions } = await import('../notify/github.ts');
    const options = gitHubOptions(process.env);
    if (options !== null) channels.push(gitHubChannel(options, reach));
  }
  return channels;
}
