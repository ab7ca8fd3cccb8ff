import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modelOf, requests, type Served, serve, smoke, start } from './flights.ts';

const good = smoke()[0]!;
let model: Awaited<ReturnType<typeof modelOf>>;
let server: Served;

beforeAll(async () => {
  model = await modelOf('v2.3.0');
  server = await serve(model);
});
afterAll(async () => {
  server.process.kill();
  await server.ended;
});

describe('the model server', () => {
  test('answers GET /ping', async () => {
    const response = await fetch(`${server.url}/ping`);
    expect(response.status).toBe(200);
  });

  test('recommends', async () => {
    const response = await server.invoke(good);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      modelVersion: 'v2.3.0',
      recommendations: good.destinations.map(() => ({
        destination: expect.stringMatching(/^[A-Z]{3}$/),
        expectedDelayMinutes: expect.any(Number),
        pLate: expect.any(Number),
      })),
    });
  });

  test('knows what to say of an airport that it never saw', async () => {
    const response = await server.invoke({ ...good, origin: 'XXX', destinations: ['YYY'] });
    expect(response.status).toBe(200);
    const { recommendations } = (await response.json()) as { recommendations: { pLate: number }[] };
    expect(recommendations[0]!.pLate).toBeGreaterThan(0);
    expect(recommendations[0]!.pLate).toBeLessThan(1);
  });

  test.each([
    ['no JSON', '{', 'body'],
    ['nothing', '', 'body'],
    ['a list', [], 'body'],
    ['null', null, 'body'],
    ['no user', { ...good, userId: undefined }, 'userId'],
    ['an empty user', { ...good, userId: '' }, 'userId'],
    ['no origin', { ...good, origin: undefined }, 'origin'],
    ['an origin in words', { ...good, origin: 'Atlanta' }, 'origin'],
    ['one destination, not in a list', { ...good, destinations: 'ORD' }, 'destinations'],
    ['no destinations', { ...good, destinations: [] }, 'destinations'],
    ['too many destinations', { ...good, destinations: Array(51).fill('ORD') }, 'destinations'],
    ['a destination that is none', { ...good, destinations: ['ORD', 7] }, 'destinations[1]'],
    ['no date', { ...good, date: undefined }, 'date'],
    ['a date that does not exist', { ...good, date: '2001-02-30' }, 'date'],
    ['a date with slashes', { ...good, date: '2001/02/14' }, 'date'],
    ['an hour in words', { ...good, hour: '17' }, 'hour'],
    ['an hour past the last', { ...good, hour: 24 }, 'hour'],
  ])('says which field is wrong: %s', async (_, body, field) => {
    const response = await server.invoke(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ field, error: expect.stringContaining('must be') });
  });

  test('refuses a body that is too long', async () => {
    const response = await server.invoke({ ...good, userId: 'u'.repeat(70_000) });
    expect(response.status).toBe(413);
  });

  test.each([
    ['GET', '/'],
    ['GET', '/invocations'],
    ['POST', '/ping'],
  ])('has no %s %s', async (method, path) => {
    expect((await fetch(server.url + path, { method })).status).toBe(404);
  });
});

test('v2.4.0 answers 500 where its encoder has no entry, and goes on', async () => {
  const failing = await serve(await modelOf('v2.4.0'));
  const statuses = [];
  for (const request of [...requests().slice(0, 40), ...smoke()])
    statuses.push((await failing.invoke(request)).status);
  expect(new Set(statuses)).toEqual(new Set([200, 500]));
  expect(statuses.slice(40)).toEqual(smoke().map(() => 200));
  failing.process.kill();
  expect(await failing.ended).toBe(0);
});

describe('the model server ends', () => {
  test('when its stdin does', async () => {
    const served = await serve(model);
    served.process.stdin!.end();
    expect(await served.ended).toBe(0);
  });

  test('on SIGTERM, after it has answered what it began', async () => {
    const served = await serve(model);
    const headers = { expect: '100-continue' };
    const asked = httpRequest(`${served.url}/invocations`, { method: 'POST', headers });
    asked.flushHeaders();
    await once(asked, 'continue'); // the server has begun, and waits for the body
    served.process.kill('SIGTERM');
    await refusal(served.url);
    asked.end(JSON.stringify(good));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    expect(response.headers.connection).toBe('close');
    response.resume();
    expect(await served.ended).toBe(0);
  });

  test('at once, with a reason, when it does not know the kind of model', async () => {
    const { process, ended } = start({ ...model, kind: 'oracle' });
    let said = '';
    process.stderr!.on('data', (chunk) => (said += chunk));
    expect(await ended).toBe(1);
    expect(said).toMatch(/can't load the model .* 'oracle'/);
  });
});

/** Resolves once the server takes no new connection. */
async function refusal(url: string) {
  for (;;) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const refused = await once(socket, 'connect').then(
      () => false,
      () => true,
    );
    socket.destroy();
    if (refused) return;
  }
}
