import { hash } from 'node:crypto';
import { armOf } from '../src/router/arm.ts';
import { createEmf } from '../src/router/emf.ts';
import { readConfig } from '../src/router/config.ts';
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
    }),
  });
  if (reading.kind === 'wrong') throw new Error(reading.why);
  const emf = createEmf(reading.config);
  const record = {
    at: 1_750_000_000_000,
    version: 'v1.0.0',
    arm: 'champion',
    requestId: 'q-1',
    status: 200,
    latencyMs: 12.5,
    rollout: 'r-bench',
  } as unknown as Parameters<typeof emf.request>[0];
  let sink = 0;
  const cases: readonly (readonly [string, (user: string) => number])[] = [
    ['SHA-256 of salt:user', (user) => hash('sha256', `salt:${user}`, 'buffer').length],
    ['route decision (armOf)', (user) => armOf('salt', 10, user).length],
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
