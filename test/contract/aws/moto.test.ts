import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateTopicCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, describe, expect, test } from 'vitest';
import { type Clients, createClients } from '../../../src/aws/clients.ts';
import { faultOf } from '../../../src/aws/errors.ts';
import { identity } from '../../../src/aws/identity.ts';
import { createArtifacts } from '../../../src/aws/s3-artifacts.ts';
import { createNotifier } from '../../../src/aws/sns-notifier.ts';
import { startMoto } from './moto-server.ts';
import { stack } from './stack.ts';

/*
 * The adapters over local AWS and over moto, where moto is right (S3, SNS, STS): what one of them takes for AWS and the
 * other does not is a mistake of ours.
 */

const moto = await startMoto();

if (moto.kind === 'absent') {
  console.warn(`NOT compared with moto: ${moto.why}. To compare: pip install 'moto[server]'`);
  test.skip(`the adapters over local AWS and over moto (${moto.why})`, () => undefined);
} else {
  const clients = createClients({
    region: 'us-east-1',
    endpointUrl: moto.url,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  afterAll(async () => {
    clients.close();
    await moto.stop();
  });

  describe('the adapters over local AWS and over moto', () => {
    test.each<[string, (side: Clients) => Promise<unknown>]>([
      ['an object is digested', (side) => artifacts(side).digest('s3://models/v2/model.tar.gz')],
      ['an object with a name of signs', (side) => artifacts(side).digest('s3://models/v2/a b+c=ü.tar.gz')],
      ['a missing object', (side) => artifacts(side).digest('s3://models/none.tar.gz')],
      ['a missing bucket', (side) => artifacts(side).digest('s3://nobody-has-this/none.tar.gz')],
      ['a notification is sent', (side) => notify(side, 'mlreg-alerts-prod', 'v2 – promoted')],
      ['a missing topic', (side) => notify(side, 'nobody', 'v2 promoted')],
      ['a subject that SNS refuses', (side) => rawSubject(side, 'x'.repeat(101))],
      ['a subject that SNS takes', async (side) => (await rawSubject(side, 'x'.repeat(99))) !== undefined],
      ['twelve digits of an account', async (side) => /^\d{12}$/.test((await identity(side)).account)],
      ['an ARN', async (side) => /^arn:aws:(iam|sts)::\d{12}:/.test((await identity(side)).arn)],
    ])('%s', async (_what, ask) => {
      const local = (await stack()).clients;
      await Promise.all([prepare(local, false), prepare(clients, true)]);
      expect(await outcome(ask, clients)).toEqual(await outcome(ask, local));
    });
  });
}

/** Local AWS takes a bucket as made when something is put into it. */
async function prepare(side: Clients, buckets: boolean): Promise<void> {
  const s3 = side.of(S3Client);
  if (buckets) await s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  for (const Key of ['v2/model.tar.gz', 'v2/a b+c=ü.tar.gz']) {
    await s3.send(new PutObjectCommand({ Bucket: 'models', Key, Body: Buffer.alloc(100_000, Key) }));
  }
  await side.of(SNSClient).send(new CreateTopicCommand({ Name: 'mlreg-alerts-prod' }));
}

const artifacts = (clients: Clients) => createArtifacts({ clients, allowFiles: false, cwd: '/' });

async function notify(clients: Clients, topic: string, subject: string): Promise<string> {
  await createNotifier({ clients, topic }).send({ eventId: 'r-abc/1', subject, body: 'because' });
  return 'sent';
}

async function rawSubject(clients: Clients, Subject: string): Promise<string | undefined> {
  const sns = clients.of(SNSClient);
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'mlreg-alerts-prod' }));
  return (await sns.send(new PublishCommand({ TopicArn, Subject, Message: 'm' }))).MessageId;
}

/** Values, and of errors what the program goes by: their kind, not their words. */
async function outcome(ask: (side: Clients) => Promise<unknown>, side: Clients): Promise<unknown> {
  try {
    return { value: await ask(side) };
  } catch (error) {
    return { error: (error as Error).name === 'UserError' ? 'UserError' : faultOf(error) };
  }
}
