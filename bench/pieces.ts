import { hash } from 'node:crypto';
import { armOf } from '../src/router/arm.ts';
import { readConfig } from '../src/router/config.ts';
import { createEmf } from '../src/router/emf.ts';
import { createPlacement } from '../src/router/placement.ts';
import { parseUserKey, userIdOf } from '../src/router/user-id.ts';
import { median, table } from './machine.ts';

const users = Array.from({ length: 1_000 }, (_, i) => `user-${i}`);
const perRound = 200_000;

/** What a request's own work in the router costs, each piece alone, interleaved. Nanoseconds a call, and beside SHA-256. */
export function pieces(_root: string, rounds: number): string {
  const reading = readConfig({
    MLREG_ENVIRONMENT: 'bench',
    MLREG_MODEL: 'recommendation',
    MLREG_ROUTE: JSON.stringify({
      rollout: 'r-bench',
      token: 1,
      champion: { version: 'v1.0.0', endpoint: 'a' },
      challenger: { version: 'v1.1.0', endpoint: 'b' },
      percent: 10,
      salt: 'bench',
      assign: 'buckets-1',
      aside: [1, 2, 3],
    }),
  });
  if (reading.kind === 'wrong') throw new Error(reading.why);
  const emf = createEmf(reading.config);
  const record: Parameters<typeof emf.request>[0] = {
    at: 1_750_000_000_000,
    version: 'v1.0.0',
    arm: 'champion',
    requestId: 'q-1',
    latencyMs: 12.5,
    throttled: false,
    counted: { as: 'compared', bucket: 715 },
    failure: undefined,
    rollout: 'r-bench',
  };
  const place = createPlacement(reading.config.serving);
  const key = parseUserKey('userId');
  const body = (id: string) => {
    const text = `{"city":"Zurich","items":[1,2,3],"userId":${id}}`;
    return { text, value: JSON.parse(text) as Record<string, unknown> };
  };
  const [worded, numbered] = [body('"user-1"'), body('9007199254740993')];
  let sink = 0;
  const cases: readonly (readonly [string, (user: string) => number])[] = [
    ['SHA-256 of salt:user', (user) => hash('sha256', `salt:${user}`, 'buffer').length],
    ['route decision by the hash of the id (armOf)', (user) => armOf('salt', 10, user).length],
    ['route decision by bucket (placement)', (user) => place(user).name.length],
    ['user id, a string', () => userIdOf(key, {}, worded)?.length ?? 0],
    ['user id, a number by its digits', () => userIdOf(key, {}, numbered)?.length ?? 0],
    ['EMF line of a request', () => emf.request(record).length],
  ];
  const times = cases.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    cases.forEach(([, work], i) => {
      const began = performance.now();
      for (let n = 0; n < perRound; n++) sink += work(users[n % users.length] as string);
      if (round >= 0) times[i]?.push(((performance.now() - began) * 1e6) / perRound);
    });
  }
  if (sink === 0) throw new Error('nothing was measured');
  const base = median(times[0] ?? []);
  return table(
    ['piece', 'ns a call, median', '× SHA-256'],
    cases.map(([name], i) => {
      const ns = median(times[i] ?? []);
      return [name, ns.toFixed(0), (ns / base).toFixed(2)];
    }),
  );
}
