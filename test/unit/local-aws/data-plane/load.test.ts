import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { generateLoad } from '../../../../src/local-aws/data-plane/load.ts';
import { createTally, type SecondReport } from '../../../../src/local-aws/data-plane/load-report.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Answers the i-th request as told; `undefined` breaks the connection off. */
async function serve(
  answer: (body: string, i: number) => { status: number; version?: string; afterMs?: number } | undefined,
): Promise<string> {
  let i = 0;
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const told = answer(body, i++);
      if (!told) return void request.socket.destroy();
      const respond = () => {
        response.writeHead(
          told.status,
          told.version === undefined ? {} : { 'x-model-version': told.version },
        );
        response.end('{}');
      };
      if (told.afterMs === undefined) respond();
      else setTimeout(respond, told.afterMs);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const body = (i: number) => ({ body: JSON.stringify({ i }), headers: { 'x-i': String(i) } });

describe('generateLoad', () => {
  it('sends what was scheduled, and counts by version and status', async () => {
    const url = await serve((text) => {
      const { i } = JSON.parse(text) as { i: number };
      return { status: i % 10 === 0 ? 500 : 200, version: i % 4 === 0 ? 'v2' : 'v1' };
    });
    const report = await generateLoad({
      url,
      path: '/recommend',
      rate: 500,
      forMs: 200,
      arrivals: 'fixed',
      body,
      record: true,
    });
    // The first is due after one gap, the last before the end: 99 of them, give or take rounding.
    expect(report.requests).toBe(99);
    expect(report.versions).toEqual({
      v1: { requests: 74, outcomes: { '2xx': 69, '5xx': 5 }, harmed: 5 },
      v2: { requests: 25, outcomes: { '2xx': 20, '5xx': 5 }, harmed: 5 },
    });
    expect(report.harmed).toBe(10);
    expect(report.records).toHaveLength(99);
    const starts = report.records.map(([startedAt]) => startedAt).sort((a, b) => a - b);
    expect(starts[0]).toBeCloseTo(2);
    expect(starts[98]).toBeCloseTo(198);
  });

  it('measures from the schedule, so that a stalled server is seen to stall', async () => {
    let begun = 0;
    const url = await serve(() => {
      begun ||= performance.now();
      return { status: 200, afterMs: Math.max(0, 100 - (performance.now() - begun)) };
    });
    const report = await generateLoad({
      url,
      path: '/',
      rate: 200,
      forMs: 100,
      arrivals: 'fixed',
      body,
      connections: 1,
    });
    expect(report.requests).toBe(19);
    // One connection, held up for 100 ms: the ones behind it waited, though the server took them one by one at once.
    expect(report.latencyMs.p50).toBeGreaterThan(30);
  });

  it('does not wait for answers before it sends more', async () => {
    let most = 0;
    let now = 0;
    const url = await serve(() => {
      most = Math.max(most, ++now);
      setTimeout(() => now--, 50);
      return { status: 200, afterMs: 50 };
    });
    await generateLoad({ url, path: '/', rate: 400, forMs: 60, arrivals: 'fixed', body });
    expect(most).toBeGreaterThan(5);
  });

  it('counts broken connections and what could not be sent as harmed', async () => {
    const url = await serve((_text, i) => (i === 0 ? undefined : { status: 200, afterMs: 60 }));
    const report = await generateLoad({
      url,
      path: '/',
      rate: 100,
      forMs: 45,
      arrivals: 'fixed',
      body,
      inFlightAtMost: 2,
    });
    const outcomes: Readonly<Record<string, number>> = report.versions['']?.outcomes ?? {};
    expect(outcomes['broken']).toBe(1);
    expect(outcomes['unsent']).toBeGreaterThan(0);
    expect(report.harmed).toBe((outcomes['broken'] ?? 0) + (outcomes['unsent'] ?? 0));
  });

  it('ends when it is aborted', async () => {
    const url = await serve(() => ({ status: 200 }));
    const abort = new AbortController();
    let sent = 0;
    const report = await generateLoad({
      url,
      path: '/',
      rate: 1000,
      signal: abort.signal,
      body: (i) => {
        if (++sent === 20) abort.abort();
        return body(i);
      },
    });
    expect(report.requests).toBeGreaterThanOrEqual(20);
    expect(report.harmed).toBe(0);
  });

  it('tells each second what came', async () => {
    const url = await serve(() => ({ status: 200, version: 'v1' }));
    const abort = new AbortController();
    const seconds: SecondReport[] = [];
    const told = (): number => seconds.reduce((sum, { requests }) => sum + requests, 0);
    // A second of this clock is 50 ms.
    const clock = {
      now: () => performance.now() * 20,
      at(at: number, run: () => void) {
        const timer = setTimeout(run, Math.max(0, at / 20 - performance.now()));
        return () => clearTimeout(timer);
      },
    };
    const report = await generateLoad({
      url,
      path: '/',
      rate: 10,
      arrivals: 'fixed',
      body,
      clock,
      signal: abort.signal,
      onSecond: (second) => {
        seconds.push(second);
        if (seconds.length >= 2 && told() > 0) abort.abort();
      },
    });
    expect(seconds.slice(0, 2)).toMatchObject([
      { second: 1, harmed: 0 },
      { second: 2, harmed: 0 },
    ]);
    expect(seconds.find(({ requests }) => requests > 0)?.versions).toHaveProperty('v1');
    expect(told()).toBeLessThanOrEqual(report.requests);
  });

  it('draws independent arrivals from the generator given', async () => {
    const url = await serve(() => ({ status: 200 }));
    const draws = [0, 0.5, 0.9, 0.999_999];
    const report = await generateLoad({
      url,
      path: '/',
      rate: 100,
      forMs: 60,
      body,
      record: true,
      random: () => draws.shift() ?? 0.999_999,
    });
    expect(report.records.map(([startedAt]) => Math.round(startedAt)).sort((a, b) => a - b)).toEqual([
      0, 7, 30,
    ]);
  });

  it('refuses a rate that is none', async () => {
    await expect(generateLoad({ url: 'http://127.0.0.1:1', path: '/', rate: 0, body })).rejects.toThrow(
      RangeError,
    );
  });
});

describe('a tally', () => {
  it('gives percentiles in milliseconds, and zeros for nothing', () => {
    const tally = createTally(false);
    expect(tally.second(0)).toMatchObject({ second: 1, requests: 0, latencyMs: { p50: 0, max: 0 } });
    for (let ms = 1; ms <= 100; ms++) tally.add(0, ms, 'v1', 200);
    const { latencyMs, requests, records } = tally.report(1_000);
    expect(requests).toBe(100);
    expect(records).toEqual([]);
    expect(latencyMs.p50).toBeCloseTo(50, 0);
    expect(latencyMs.p99).toBeCloseTo(99, 0);
    expect(latencyMs.mean).toBeCloseTo(50.5, 0);
  });
});
