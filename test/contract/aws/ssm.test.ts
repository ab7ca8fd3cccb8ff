import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, expect, test } from 'vitest';
import { type Clients, createClients } from '../../../src/aws/clients.ts';
import { readSecret } from '../../../src/aws/ssm-secret.ts';
import type { PlatformError } from '../../../src/ports/platform.ts';
import { startMoto } from './moto-server.ts';

const name = '/mlreg/prod/slack-webhook';
const secret = 'https://hooks.example.test/services/T0/B0/verysecret';

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: PlatformError) => error.failure,
  );

const moto = await startMoto();
if (moto.kind === 'absent') {
  console.warn(`NOT run: the Parameter Store, over moto: ${moto.why}. To run: pip install 'moto[server]'`);
  test.skip(`a secret of the Parameter Store (${moto.why})`, () => undefined);
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

  test('a secret of the Parameter Store is decrypted, and an editor’s line end is none of it', async () => {
    await clients
      .of(SSMClient)
      .send(new PutParameterCommand({ Name: name, Value: `${secret}\n`, Type: 'SecureString' }));
    expect(await readSecret(clients, name)).toBe(secret);
  });

  test('a parameter that is not there is missing, by its name', async () => {
    expect(await failure(readSecret(clients, '/mlreg/none'))).toMatchObject({
      kind: 'missing',
      message: expect.stringContaining('parameter /mlreg/none'),
    });
  });
}

test('a secret that may not be read, or whose key may not be used, is told with the action that lacks', async () => {
  const asked: unknown[] = [];
  const denying = {
    of: () => ({
      send: (command: { readonly input: unknown }) => {
        asked.push(command.input);
        const denied = { name: 'AccessDeniedException', $metadata: { httpStatusCode: 400 } };
        return Promise.reject(Object.assign(new Error('not authorized'), denied));
      },
    }),
  } as unknown as Clients;
  expect(await failure(readSecret(denying, name))).toMatchObject({
    kind: 'denied',
    action: 'ssm:GetParameter',
  });
  expect(asked).toEqual([{ Name: name, WithDecryption: true }]);
});
