import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type ControlRequest,
  type ControlServer,
  startControl,
} from '../../../../src/local-aws/daemon-control.ts';
import { DaemonRefused } from '../../../../src/local-aws/daemon-files.ts';
import { waitFor } from '../../../support/wait-for.ts';

let control: ControlServer;
let port: number;
let handled: ControlRequest[];
const stop = vi.fn();

const start = (at: number): Promise<ControlServer> =>
  startControl({
    port: at,
    sessionToken: 'the token',
    handle: async (request) => {
      handled.push(request);
      if (request.path === '/breaks') throw new Error('broken');
      return { status: 201, headers: { 'x-amzn-requestid': 'r1' }, body: Buffer.from('answer') };
    },
    status: () => ({ pid: 1 }),
    stop,
  });

beforeAll(async () => {
  control = await start(0);
  port = Number(new URL(control.url).port);
});
afterAll(() => control.stop());
beforeEach(() => {
  handled = [];
  stop.mockClear();
});

function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body: string | Buffer = '',
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { port, host: '127.0.0.1', method, path, headers: { host: '127.0.0.1', ...headers } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

describe('the control port', () => {
  it('hands on requests as they came', async () => {
    const answer = await ask(
      'PUT',
      '/a%2Fb?Qualifier=live&key=1&key=2&empty=',
      { 'X-Amz-Target': 'T' },
      'body',
    );
    expect(answer).toEqual({ status: 201, body: 'answer' });
    expect(handled).toMatchObject([{ method: 'PUT', path: '/a%2Fb', headers: { 'x-amz-target': 'T' } }]);
    expect({ ...handled[0]?.query }).toEqual({ Qualifier: 'live', key: ['1', '2'], empty: '' });
    expect(Buffer.from(handled[0]?.body ?? []).toString()).toBe('body');
  });

  it('says when the control plane breaks', async () => {
    expect(await ask('GET', '/breaks')).toEqual({ status: 500, body: '{"message":"broken"}' });
  });

  it('refuses other hosts before anything else', async () => {
    expect((await ask('GET', '/', { host: 'evil.example' })).status).toBe(403);
    expect(
      (await ask('GET', '/_local/status', { host: 'evil.example', 'x-amz-security-token': 'the token' }))
        .status,
    ).toBe(403);
    expect(handled).toEqual([]);
  });

  it('refuses bodies over 70 MB', async () => {
    const size = 70 * 1024 * 1024 + 1;
    const answered = new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('error', reject).on('close', () => resolve(text));
      socket.write(`POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${size}\r\n\r\n`);
      socket.write(Buffer.alloc(size));
    });
    expect(await answered).toMatch(/^HTTP\/1.1 413 /);
    expect(handled).toEqual([]);
  });

  it.each([
    ['GET', '/_local/status', 'the token', 200, '{"pid":1}'],
    [
      'GET',
      '/_local/status',
      'another',
      403,
      '{"message":"The security token included in the request is invalid."}',
    ],
    [
      'POST',
      '/_local/stop',
      'another',
      403,
      '{"message":"The security token included in the request is invalid."}',
    ],
    ['GET', '/_local/stop', 'the token', 405, '{"message":"no GET /_local/stop"}'],
  ])('%s %s with %s: %i', async (method, path, token, status, body) => {
    expect(await ask(method, path, { 'x-amz-security-token': token })).toEqual({ status, body });
    expect(stop).not.toHaveBeenCalled();
    expect(handled).toEqual([]);
  });

  it('needs a token for its own paths', async () => {
    expect((await ask('GET', '/_local/status')).status).toBe(403);
  });

  it('stops after it has answered', async () => {
    expect((await ask('POST', '/_local/stop', { 'x-amz-security-token': 'the token' })).status).toBe(202);
    await waitFor(() => expect(stop).toHaveBeenCalledOnce());
  });

  it('says which port is taken, and what to type', async () => {
    const error = await start(port).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DaemonRefused);
    expect(error).toMatchObject({
      message: `port ${port} is taken by another program`,
      mend: `choose another: --control-port ${port + 1}`,
    });
  });
});
