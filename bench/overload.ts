import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { generateLoad } from '../src/local-aws/data-plane/load.ts';
import type { LoadReport } from '../src/local-aws/data-plane/load-report.ts';
import { closedLoop } from './closed-loop.ts';
import { table } from './machine.ts';
import { type Project, requestsOf, startProject } from './project.ts';
import { pause } from './stack.ts';

const path = '/recommend';
/** What callers of a real service do as well: so many at a time, and no more. */
const inFlightAtMost = 256;

/**
 * Local AWS and the router under 1.5 times what they can take, minutes long, with a healthy rollout that bakes and then a
 * failing one: the heap from minute to minute, failures against what is over the capacity, and both verdicts.
 */
export async function overload(root: string, minutes: number): Promise<string> {
  const project = await startProject(root, {
    strategies: { canary: { steps: [10], bake: `${minutes + 5}m`, tick: '1s' } },
  });
  try {
    const bodies = requestsOf(root);
    const port = Number(new URL(project.gatewayUrl).port);
    const calm = await closedLoop({ port, path, connections: 16, seconds: 10, bodies });
    const body = (i: number): { body: string } => ({ body: bodies[i % bodies.length] ?? '{}' });
    const flooding = (rate: number, signal: AbortSignal) =>
      generateLoad({ url: project.gatewayUrl, path, rate, inFlightAtMost, signal, body });
    // By the same callers as the flood, for they take their share of this machine too.
    const full = served(await flooding(2 * (calm.requests / calm.seconds), AbortSignal.timeout(20_000)));
    const capacity = full.answered / full.seconds;
    const rate = 1.5 * capacity;

    const healthy = project.start('deploy', '--model-version', 'v2.3.0');
    const said = text(healthy.stderr!);
    const result = text(healthy.stdout!);
    await pause(10_000);
    const ending = new AbortController();
    const flood = flooding(rate, ending.signal);
    const heap: number[] = [];
    for (let minute = 1; minute <= minutes; minute++) {
      await pause(60_000);
      const { heapUsed, external } = await project.memoryOf(project.daemonPid);
      heap.push((heapUsed + external) / 2 ** 20);
    }
    const isHolding = healthy.exitCode === null;
    if (isHolding) project.run('abort');
    const words = `${await said}${await result}`;
    const end = words.split('\n').slice(-8).join('\n');
    const failing = await verdictOn(project);
    ending.abort();
    const report = await flood;
    const { requests, latencyMs } = report;
    const { answered, unsent, failed, seconds } = served(report);
    const first = heap[0] ?? Number.NaN;
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
    return [
      table(
        ['what', 'figure'],
        [
          ['capacity, requests a second', capacity.toFixed(0)],
          ['offered, requests a second', (requests / seconds).toFixed(0)],
          ['answered, of the capacity', percent(answered / seconds / capacity)],
          ['over capacity, share of what was offered', percent(1 - (capacity * seconds) / requests)],
          [`not sent, for ${inFlightAtMost} were under way`, percent(unsent / requests)],
          ['sent, and failed (all versions, the failing one among them)', percent(failed / requests)],
          [
            'p50, p99 from the scheduled time, ms',
            `${latencyMs.p50.toFixed(0)}, ${latencyMs.p99.toFixed(0)}`,
          ],
          ['heap growth, minute 1 to the last', percent((heap.at(-1) ?? Number.NaN) / first - 1)],
          [
            'healthy version',
            isHolding
              ? 'bakes on, nobody was sent back'
              : healthy.exitCode === 0
                ? 'promoted'
                : `ended with ${healthy.exitCode}: ${end}`,
          ],
          ['failing version', failing],
        ],
      ),
      '',
      `heap and what stands outside it for the heap, after collection, MB, by minute: ${heap.map((mb) => mb.toFixed(1)).join(' ')}`,
    ].join('\n');
  } finally {
    await project.end();
  }
}

function served({ requests, harmed, versions, durationMs }: LoadReport) {
  const unsent = Object.values(versions).reduce((sum, { outcomes }) => sum + (outcomes.unsent ?? 0), 0);
  return { answered: requests - harmed, unsent, failed: harmed - unsent, seconds: durationMs / 1_000 };
}

async function verdictOn(project: Project): Promise<string> {
  const began = performance.now();
  const deploy = project.start('deploy', '--model-version', 'v2.4.0', '--timeout', '3m');
  const [code] = (await once(deploy, 'exit')) as [number];
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  return code === 3 ? `rolled back by itself after ${seconds} s` : `exit code ${code} after ${seconds} s`;
}
