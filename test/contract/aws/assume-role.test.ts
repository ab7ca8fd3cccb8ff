import { expect, test } from 'vitest';
import { assumedRole } from '../../../src/aws/assume-role.ts';
import { type Clients, createClients } from '../../../src/aws/clients.ts';
import { identity } from '../../../src/aws/identity.ts';
import { startMoto } from './moto-server.ts';

const moto = await startMoto();
if (moto.kind === 'absent') {
  console.warn(
    `NOT run: roles of other accounts, over moto: ${moto.why}. To run: pip install 'moto[server]'`,
  );
  test.skip(`a role of another account (${moto.why})`, () => undefined);
} else {
  test('a role of another account is who we are there', async () => {
    const place = { region: 'us-east-1', endpointUrl: moto.url };
    const own = createClients({ ...place, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
    const role = 'arn:aws:iam::210987654321:role/mlreg-cli-prod';
    const there = createClients({ ...place, credentials: assumedRole(own, { role, session: 'ana lópez' }) });
    try {
      expect((await identity(own)).account).not.toBe('210987654321');
      expect(await identity(there)).toEqual({
        account: '210987654321',
        arn: 'arn:aws:sts::210987654321:assumed-role/mlreg-cli-prod/mlreg-ana-l-pez',
      });
    } finally {
      own.close();
      there.close();
      await moto.stop();
    }
  });
}

test('a role that may not be taken is told with the action that lacks', async () => {
  const denied = Object.assign(new Error('not authorized'), {
    name: 'AccessDenied',
    $metadata: { httpStatusCode: 403 },
  });
  const clients = { of: () => ({ send: () => Promise.reject(denied) }) } as unknown as Clients;
  const credentials = assumedRole(clients, { role: 'arn:aws:iam::210987654321:role/x', session: 'ana' });
  await expect((credentials as () => Promise<unknown>)()).rejects.toMatchObject({
    failure: { kind: 'denied', action: 'sts:AssumeRole' },
  });
});
