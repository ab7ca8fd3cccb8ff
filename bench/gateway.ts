import { generateLoad } from '../src/local-aws/data-plane/load.ts';
import { closedLoop } from './closed-loop.ts';
import { type Contestant, startContest } from './contestants.ts';
import { cpuOf, median, table } from './machine.ts';
import { startStack } from './stack.ts';

const connections = 16;
const rate = 300;

interface Round {
  readonly rps: number;
  readonly closedCpu: number | undefined;
  readonly openCpu: number | undefined;
  readonly p50: number;
  readonly p99: number;
}

/** The gateway beside nginx and beside less of itself, in front of the same model servers, interleaved. */
export async function gateway(root: string, rounds: number, seconds: number): Promise<string> {
  const stack = await startStack(root);
  try {
    const contest = await startContest(root, stack);
    try {
      const { contestants, skipped } = contest;
      for (const each of contestants) await warmUp(each);
      const all = new Map<Contestant, Round[]>(contestants.map((each) => [each, []]));
      for (let round = 0; round < rounds; round++) {
        for (const [each, found] of all) found.push(await measured(each, seconds));
      }
      return [...skipped, report(all)].join('\n');
    } finally {
      await contest.end();
    }
  } finally {
    await stack.end();
  }
}

const bodies = Array.from({ length: 997 }, (_, i) =>
  JSON.stringify({
    userId: `user-${i}`,
    origin: 'SFO',
    destination: 'JFK',
    departure: '2026-11-21T08:29:49Z',
    distance: 2586,
    carrier: 'UA',
    history: [3, 14, 15, 92, 65, 35],
  }),
);

async function warmUp({ port, path }: Contestant): Promise<void> {
  const { failed } = await closedLoop({ port, path, connections, seconds: 2, bodies });
  if (failed > 0) throw new Error(`${failed} requests to ${path} on port ${port} failed`);
}

async function measured(each: Contestant, seconds: number): Promise<Round> {
  const { port, path, pid } = each;
  const beforeClosed = pid === undefined ? undefined : cpuOf(pid);
  const closed = await closedLoop({ port, path, connections, seconds, bodies });
  const afterClosed = pid === undefined ? undefined : cpuOf(pid);
  const open = await generateLoad({
    url: `http://127.0.0.1:${port}`,
    path,
    rate,
    forMs: seconds * 1000,
    body: (i) => ({ body: bodies[i % bodies.length] ?? '' }),
  });
  const afterOpen = pid === undefined ? undefined : cpuOf(pid);
  if (closed.failed > 0 || open.harmed > 0) throw new Error(`${each.name}: requests failed`);
  const per = (from: number | undefined, to: number | undefined, count: number): number | undefined =>
    from === undefined || to === undefined ? undefined : (to - from) / count;
  return {
    rps: closed.requests / closed.seconds,
    closedCpu: per(beforeClosed, afterClosed, closed.requests),
    openCpu: per(afterClosed, afterOpen, open.requests),
    p50: open.latencyMs.p50,
    p99: open.latencyMs.p99,
  };
}

function report(all: ReadonlyMap<Contestant, readonly Round[]>): string {
  const middle = (rounds: readonly Round[], of: (round: Round) => number | undefined): number =>
    median(rounds.map((round) => of(round) ?? Number.NaN));
  const nginx = [...all].find(([{ name }]) => name.startsWith('nginx'))?.[1];
  const reference = nginx === undefined ? Number.NaN : middle(nginx, ({ closedCpu }) => closedCpu);
  const shown = (value: number, digits: number): string =>
    Number.isNaN(value) ? '–' : value.toFixed(digits);
  return table(
    [
      'in front of the model',
      `req/s, ${connections} conn.`,
      'CPU µs/req',
      '× nginx',
      `CPU µs/req at ${rate}/s`,
      'p50 ms',
      'p99 ms',
    ],
    [...all].map(([{ name }, rounds]) => [
      name,
      shown(
        middle(rounds, ({ rps }) => rps),
        0,
      ),
      shown(
        middle(rounds, ({ closedCpu }) => closedCpu),
        0,
      ),
      shown(middle(rounds, ({ closedCpu }) => closedCpu) / reference, 1),
      shown(
        middle(rounds, ({ openCpu }) => openCpu),
        0,
      ),
      shown(
        middle(rounds, ({ p50 }) => p50),
        2,
      ),
      shown(
        middle(rounds, ({ p99 }) => p99),
        1,
      ),
    ]),
  );
}
