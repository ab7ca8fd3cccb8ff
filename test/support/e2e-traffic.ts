import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { expect, onTestFinished } from 'vitest';
import { generateLoad, type LoadRequest } from '../../src/local-aws/data-plane/load.ts';
import type { LoadReport } from '../../src/local-aws/data-plane/load-report.ts';
import { root, type Scene } from './e2e.ts';

/** One request: when it was due (epoch ms; it was sent then or later), who answered, how. */
export interface Sent {
  readonly at: number;
  readonly version: string | undefined;
  readonly status: number | 'broken' | 'unsent';
}

export interface Traffic {
  /** Waits until so many more requests were sent. */
  more(count: number): Promise<void>;
  stop(): Promise<{ readonly report: LoadReport; readonly sent: readonly Sent[] }>;
}

const bodies = readFileSync(join(root, 'examples/flights/requests.ndjson'), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as object);

/** Fewer than any scene's endpoint takes at once: after a stall of the machine all that waited would be throttled. */
const connections = 45;

/** Every request is another user's, so that shares of requests are shares of users. */
let users = 0;
const body = (index: number): LoadRequest => ({
  body: JSON.stringify({ ...bodies[index % bodies.length], userId: `e2e-${++users}` }),
});

/** Users who don't wait for one another, until stopped or, unless another end is given, the test is over. */
export async function startTraffic(
  scene: Scene,
  rate: number,
  atTheEnd: (stop: () => void) => void = onTestFinished,
): Promise<Traffic> {
  await wake(scene);
  const over = new AbortController();
  atTheEnd(() => over.abort());
  const began = performance.timeOrigin + performance.now();
  let begun = 0;
  const report = generateLoad({
    url: scene.gatewayUrl,
    path: '/recommend',
    rate,
    connections,
    body: (index) => {
      begun++;
      return { ...body(index), headers: scene.gatewayHeaders };
    },
    record: true,
    signal: over.signal,
  });
  return {
    async more(count) {
      const enough = begun + count;
      await expect.poll(() => begun, { interval: 20 }).toBeGreaterThanOrEqual(enough);
    },
    async stop() {
      over.abort();
      const done = await report;
      const sent = done.records.map(([at, version, status]) => ({ at: began + at, version, status }));
      return { report: done, sent: sent.sort((a, b) => a.at - b.at) };
    },
  };
}

/** Cold starts one after the other: a burst that meets none but cold environments makes the machine start hundreds. */
async function wake(scene: Scene): Promise<void> {
  for (let together = 1; together <= 16; together *= 2) await recommendations(scene, together);
}

/** So many requests at once, and which versions answered. */
export async function recommendations(scene: Scene, count: number): Promise<readonly Sent[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const at = Date.now();
      // Unlike fetch it sends the Host it is given.
      const response = await request(`${scene.gatewayUrl}/recommend`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...scene.gatewayHeaders },
        body: body(index).body,
      });
      await response.body.dump();
      const version = response.headers['x-model-version'];
      return {
        at,
        version: version === undefined ? undefined : String(version),
        status: response.statusCode,
      };
    }),
  );
}

/** By version, how requests failed: empty where nobody was harmed. */
export const harmOf = ({ versions }: LoadReport): Readonly<Record<string, object>> =>
  Object.fromEntries(
    Object.entries(versions)
      .filter(([, { harmed }]) => harmed > 0)
      .map(([version, { outcomes }]) => [version, outcomes]),
  );

/** The versions that answered, each once. */
export const answering = (sent: readonly Sent[]): readonly string[] =>
  [...new Set(sent.map(({ version }) => version ?? 'none'))].sort();
