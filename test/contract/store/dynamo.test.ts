import { afterAll, test } from 'vitest';
import { createClients } from '../../../src/aws/clients.ts';
import { startMoto } from '../aws/moto-server.ts';
import { createTable, credentials, fakeClients, storeOver, storeOverMoto } from './dynamo-stores.ts';
import { storeContract } from './store-contract.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

storeContract('the DynamoDB store over a fake', async () => {
  const { fake, clients } = fakeClients();
  return {
    readOnly: (isOn) => {
      fake.fate = (operation) => (isOn && operation === 'TransactWriteItems' ? 'denied' : 'pass');
    },
    store: storeOver(clients),
    reopen: async () => storeOver(clients),
    dispose: async () => clients.close(),
  };
});

const moto = await startMoto();
if (moto.kind === 'absent') {
  console.warn(`NOT run: the DynamoDB store over moto: ${moto.why}. To run: pip install 'moto[server]'`);
  test.skip(`the DynamoDB store over moto (${moto.why})`, () => undefined);
} else {
  const clients = createClients({ region: 'us-east-1', endpointUrl: moto.url, credentials });
  afterAll(async () => {
    clients.close();
    await moto.stop();
  });
  let made = 0;
  const make = async () => {
    const table = `mlreg-${++made}`;
    await createTable(clients, table);
    return {
      store: storeOverMoto(clients, table),
      reopen: async () => storeOverMoto(clients, table),
      dispose: async () => undefined,
    };
  };
  storeContract('the DynamoDB store over moto', make, { appends: 16 });
}
