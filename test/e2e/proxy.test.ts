import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../support/e2e.ts';

it('the command line asks AWS through HTTPS_PROXY, and says so where that fails', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'mlreg-proxy-'));
  const heard: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket) => {
    heard.push(request.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  const { port } = proxy.address() as AddressInfo;
  try {
    writeFileSync(join(dir, 'mlreg.yaml'), 'model: churn\nenvironments:\n  dev:\n    region: eu-west-1\n');
    const child = spawn(process.execPath, [join(root, 'bin/mlreg.js'), 'status', '-e', 'dev'], {
      cwd: dir,
      env: {
        PATH: process.env.PATH,
        HOME: dir,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        HTTPS_PROXY: `http://ana:secret@127.0.0.1:${port}`,
      },
    });
    let stderr = '';
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
    const code = await new Promise((done) => child.on('close', done));
    expect(heard[0]).toBe('dynamodb.eu-west-1.amazonaws.com:443');
    expect(code).toBe(1);
    expect(stderr).toContain(`AWS is asked through the proxy http://127.0.0.1:${port} (HTTPS_PROXY)`);
    expect(stderr).not.toContain('secret');
  } finally {
    proxy.closeAllConnections();
    proxy.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
