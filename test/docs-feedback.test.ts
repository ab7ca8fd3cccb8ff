import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { receiptKeys } from '../src/router/receipts/keys.ts';
import { post, rig, route, stickyEnv } from './unit/router/harness.ts';

// The programs of docs/feedback.md, as they stand there, against the router.

const page = readFileSync(resolve(import.meta.dirname, '../docs/feedback.md'), 'utf8');
const directory = mkdtempSync(join(tmpdir(), 'mlreg-feedback-'));
const code = (language: string): string =>
  new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'm').exec(page)?.[1] ?? '';

let made: ReturnType<typeof rig>;
/** Given in place of the router's answer to feedback. */
let broken: number | undefined;
let server: Server;
let api = '';

beforeAll(async () => {
  writeFileSync(join(directory, 'keep-receipt.ts'), code('ts'));
  writeFileSync(join(directory, 'keep_receipt.py'), code('python'));
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '/';
      const event = post(Buffer.concat(chunks).toString(), { path });
      void made.handler(event).then((answer) => {
        const { statusCode, headers, body } = answer as {
          statusCode: number;
          headers: Record<string, string>;
          body: string;
        };
        response.writeHead(path === '/feedback' ? (broken ?? statusCode) : statusCode, headers).end(body);
      });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await new Promise((done) => server.close(done));
  rmSync(directory, { recursive: true });
});

beforeEach(() => {
  broken = undefined;
  const receipts = { parameter: '/mlreg/prod/receipts', maxAgeMs: 1_209_600_000 };
  made = rig({
    env: { ...stickyEnv, MLREG_ROUTE: JSON.stringify({ ...route, receipts }) },
    readReceiptKeys: async () => ({ kind: 'read', keys: receiptKeys.parse('a1'.repeat(32), 'test') }),
  });
});

/** What a program printed: JSON. */
async function run(command: string, args: readonly string[]): Promise<unknown> {
  const child = spawn(command, args, { cwd: directory, env: { ...process.env, NO_PROXY: '127.0.0.1' } });
  const texts = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
  const status = await new Promise((done) => child.on('close', done));
  if (status !== 0) throw new Error(texts.err);
  return JSON.parse(texts.out);
}

const python = (): Promise<unknown> =>
  run('python3', [
    '-c',
    `
import json, sys, urllib.error
sys.path.insert(0, ".")
from keep_receipt import recommend, give_feedback
answer, receipt = recommend("${api}", {"userId": "u-13"})
try:
    taken = [give_feedback("${api}", receipt, 0.5), give_feedback("${api}", receipt[:-4] + "AAAA", 1), give_feedback("${api}", None, 1)]
except urllib.error.HTTPError as error:
    taken = error.code
print(json.dumps({"answer": answer, "taken": taken}))
`,
  ]);

async function typescript(): Promise<unknown> {
  const { recommend, giveFeedback } = (await import(join(directory, 'keep-receipt.ts'))) as {
    recommend: (api: string, request: unknown) => Promise<{ answer: unknown; receipt: string | null }>;
    giveFeedback: (api: string, receipt: string | null, value: number) => Promise<boolean>;
  };
  const { answer, receipt } = await recommend(api, { userId: 'u-13' });
  try {
    const taken = [
      await giveFeedback(api, receipt, 0.5),
      await giveFeedback(api, `${receipt?.slice(0, -4)}AAAA`, 1),
      await giveFeedback(api, null, 1),
    ];
    return { answer, taken };
  } catch (error) {
    return { answer, taken: Number(/\d+$/.exec((error as Error).message)?.[0]) };
  }
}

const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.warn('NOT run: the Python program of docs/feedback.md, for there is no python3');

describe.each([
  { language: 'TypeScript', program: typescript },
  ...(hasPython ? [{ language: 'Python', program: python }] : []),
])('the $language program of docs/feedback.md', ({ program }) => {
  it('keeps the receipt, and gives one label that counts for the version that answered', async () => {
    expect(await program()).toEqual({ answer: { items: [1] }, taken: [true, false, false] });
    const given = made.lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'feedback');
    expect(given).toMatchObject([{ feedback: { arm: 'challenger', version: 'v2.3.0', value: 0.5 } }]);
  });

  it('tells what may be sent again from what may not', async () => {
    broken = 503;
    expect(await program()).toMatchObject({ taken: 503 });
  });
});
