import { generateLoad } from '../src/local-aws/data-plane/load.ts';
import { median, table } from './machine.ts';
import { champion, startStack } from './stack.ts';

/** Below what this machine can do, so that it is waiting that is measured and not queueing. */
const rate = 100;

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** What callers wait without a shadow, with one, and with one whose challenger never answers; interleaved. */
export async function shadow(root: string, rounds: number, seconds: number): Promise<string> {
  const stack = await startStack(root);
  try {
    await stack.endpoint('bench-hanging', 'hanging-server.mjs');
    const scenes: readonly (readonly [string, object])[] = [
      ['no shadow', alone],
      ['copies of 25 %', copies('bench-challenger', 25)],
      ['copies of 25 %, the challenger hangs', copies('bench-hanging', 25)],
      ['copies of 25 %, no such function', copies('bench-challenger', 25, 'nowhere:live')],
      ['copies of 100 %', copies('bench-challenger', 100)],
    ];
    const all = new Map<string, Latency[]>(scenes.map(([name]) => [name, []]));
    // The first round warms the machine up and isn't counted; each begins with another scene.
    for (let round = 0; round <= rounds; round++) {
      const turn = round % scenes.length;
      for (const [name, route] of [...scenes.slice(turn), ...scenes.slice(0, turn)]) {
        await stack.serve(route);
        await load(stack.gatewayUrl, 2); // cold starts
        const seen = await load(stack.gatewayUrl, seconds);
        if (round > 0) all.get(name)?.push(seen);
      }
    }
    return report(all);
  } finally {
    await stack.end();
  }
}

const alone = { rollout: 'r-bench', token: 1, champion, percent: 0, salt: 'bench' };

const copies = (endpoint: string, sample: number, target = 'recommendation-shadow-local:live'): object => ({
  ...alone,
  challenger: { version: 'v1.1.0', endpoint },
  shadow: {
    sample,
    function: target,
    comparison: {
      class: 'recommendations.0.id',
      score: null,
      scale: 1,
      tolerance: 0,
      ignore: [],
      show: [],
    },
  },
});

async function load(url: string, seconds: number): Promise<Latency> {
  const { latencyMs, harmed } = await generateLoad({
    url,
    path: '/recommend',
    rate,
    forMs: seconds * 1_000,
    body: (i) => ({ body: JSON.stringify({ userId: `user-${i}`, origin: 'SFO', history: [3, 14, 15] }) }),
  });
  if (harmed > 0) throw new Error(`${harmed} requests failed`);
  return latencyMs;
}

/** Other work on the machine only ever adds: the lowest round is the nearest to what a shadow itself costs. */
function report(all: ReadonlyMap<string, readonly Latency[]>): string {
  const middle = (rounds: readonly Latency[], of: keyof Latency): number =>
    median(rounds.map((round) => round[of]));
  const lowest = (rounds: readonly Latency[], of: keyof Latency): number =>
    Math.min(...rounds.map((round) => round[of]));
  const [[, without] = ['', []]] = all;
  const columns = [
    ['p50', lowest],
    ['p50', middle],
    ['p99', lowest],
    ['p99', middle],
  ] as const;
  return table(
    [
      `${rate} requests a second`,
      ...columns.flatMap(([of, by]) => [`${of} ms, ${by === lowest ? 'min' : 'median'}`, '×']),
    ],
    [...all].map(([name, rounds]) => [
      name,
      ...columns.flatMap(([of, by]) => [
        by(rounds, of).toFixed(2),
        (by(rounds, of) / by(without, of)).toFixed(2),
      ]),
    ]),
  );
}
