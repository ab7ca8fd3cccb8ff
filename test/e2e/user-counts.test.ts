import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createClients } from '../../src/aws/clients.ts';
import { createUserCounts } from '../../src/aws/logs-user-counts.ts';
import { instant } from '../../src/domain/units.ts';
import { bucketOf, bucketRanks, bucketsAt } from '../../src/domain/user-bucket.ts';
import { readDaemonRecord } from '../../src/local-aws/daemon-files.ts';
import { systemClock } from '../../src/host/machine.ts';
import { createScene, endless, isBaking, type Json, root, type Scene, succeeds } from '../support/e2e.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const [request = ''] = readFileSync(join(root, 'examples/flights/requests.ndjson'), 'utf8').split('\n');
let scene: Scene;

beforeAll(async () => {
  scene = createScene('user-counts', endless);
  await scene.up({ controller: false });
  await scene.register('v2.2.0', 'v2.3.0');
  await succeeds(scene.run('deploy', '--model-version', 'v2.2.0'));
});

afterAll(() => scene.end());

/** Who is answered by which version. */
async function ask(userId: unknown): Promise<string | null> {
  const response = await fetch(`${scene.gatewayUrl}/recommend`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...(JSON.parse(request) as object), userId }),
  });
  await response.arrayBuffer();
  expect(response.status).toBe(200);
  expect(response.headers.get('x-mlreg-arm')).toBeNull();
  return response.headers.get('x-model-version');
}

it('counts by bucket what was sent, on the arm that the ranks say', async () => {
  const users = Array.from({ length: 60 }, (_, i) => `user-${i}`);
  for (const user of users.slice(0, 10)) await ask(user);
  const deploying = scene.start('deploy', '--model-version', 'v2.3.0');
  await deploying.event('the first bake', isBaking(20));
  const { entries } = (await scene.newest()) as { entries: readonly Json[] };
  const from = Math.floor(Date.now() / 1_000 + 1) * 1_000;
  await systemClock.sleepUntil(instant(from));

  const truth = new Map<number, number>();
  const ranks = bucketRanks(String(entries[0]?.salt));
  for (const [i, user] of users.entries()) {
    const bucket = bucketOf(user);
    for (let n = 0; n <= i % 3; n++) {
      expect(await ask(user)).toBe(ranks[bucket]! < bucketsAt(20) ? 'v2.3.0' : 'v2.2.0');
      truth.set(bucket, (truth.get(bucket) ?? 0) + 1);
    }
  }
  for (const nobody of ['undefined', 'null', 'anonymous']) expect(await ask(nobody)).toBe('v2.2.0');

  const record = readDaemonRecord(join(scene.dir, '.mlreg/local'))!;
  const clients = createClients({
    region: record.region,
    endpointUrl: record.controlUrl,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local', sessionToken: record.sessionToken },
  });
  const reading = await createUserCounts({
    clients,
    clock: systemClock,
    environment: 'local',
    model: 'recommendation',
    functionName: 'recommendation-inference-local',
  }).read({ from: instant(from), to: instant(Date.now() + 1_000), slowerThanMs: [0.001, 0.001, 60_000] });
  if (reading.kind !== 'read') throw new Error(reading.why);
  const { id, requests, errors, slow50, slow99 } = reading.counts;
  expect(Object.fromEntries(id.map((bucket, i) => [bucket, requests[i]]))).toEqual(
    Object.fromEntries([...truth].sort(([a], [b]) => a - b)),
  );
  expect(errors.every((count) => count === 0)).toBe(true);
  // A request takes longer than a microsecond, and none a minute.
  expect(slow50).toEqual(requests);
  expect(slow99.every((count) => count === 0)).toBe(true);
  deploying.kill('SIGKILL');
  await deploying.ended;
});
