import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import vm from 'node:vm';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { post, stickyEnv } from './harness.ts';

type Exports = Record<'handler' | 'authorizer', (event: unknown) => Promise<Record<string, unknown>>>;

let bundle = '';
let server: http.Server;
beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: ['src/router/index.ts'],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    minify: true,
    mainFields: ['module', 'main'],
    write: false,
  });
  bundle = outputFiles[0]!.text;
  server = http.createServer((request, response) => {
    request.resume();
    request.on('end', () => response.end(`{"path":"${request.url}"}`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Loads it where nothing is global but what the language itself has, and these four. */
function load(env: Record<string, string>): { exports: Exports; lines: string[] } {
  const lines: string[] = [];
  const module = { exports: {} as Exports };
  vm.runInNewContext(bundle, {
    module,
    exports: module.exports,
    require: createRequire(import.meta.url),
    process: { env, stdout: { write: (line: string) => lines.push(line) } },
  });
  return { exports: module.exports, lines };
}

describe('the bundle', () => {
  it('is small, for every cold start loads it, and holds no SDK', () => {
    expect(bundle.length).toBeLessThan(62_000);
    expect(bundle).not.toContain('aws-sdk');
  });

  it('needs only process and require, and prints past console.log, which a log format may wrap', async () => {
    const { exports, lines } = load({
      ...stickyEnv,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'A',
      AWS_SECRET_ACCESS_KEY: 'B',
    });
    expect(await exports.handler({ mlreg: 'warm', holdMs: 1 })).toMatchObject({
      warm: true,
      connected: true,
    });
    expect(await exports.handler(post({ userId: 'u-13' }))).toMatchObject({
      statusCode: 200,
      headers: { 'x-model-version': 'v2.3.0' },
      body: '{"path":"/endpoints/recommendation-local-v2-3-0-5e6f7a8b/invocations"}',
    });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { ModelVersion: 'v2.3.0', Requests: 1, Errors: 0 },
    ]);
    const bytes = { ...post(''), body: '/w==', isBase64Encoded: true };
    expect(await exports.handler(bytes)).toMatchObject({ statusCode: 400 });
  });

  it('loads with no configuration at all, and says so when asked', async () => {
    const { exports, lines } = load({});
    expect(await exports.handler(post({}))).toMatchObject({ statusCode: 500 });
    expect(await exports.authorizer({ headers: { 'x-api-key': 'k' } })).toEqual({ isAuthorized: false });
    expect(lines).toHaveLength(2);
  });
});
