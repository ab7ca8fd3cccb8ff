import type { IncomingMessage } from 'node:http';

/**
 * True where the request names this machine's loopback in exactly one Host header and an origin-form target. Without
 * it a web page could reach these servers through a name that resolves to 127.0.0.1 (DNS rebinding).
 * Reads the raw headers, for the parsed ones keep only the first Host.
 */
export function namesLoopback(request: IncomingMessage): boolean {
  const raw = request.rawHeaders;
  let host: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (host !== undefined) return false;
    host = raw[i + 1];
  }
  if (host === undefined || request.url?.charCodeAt(0) !== slash) return false;
  if (host === lastGood) return true;
  if (!/^(127\.0\.0\.1|([a-z0-9]+\.execute-api\.)?localhost|\[::1\])(:\d{1,5})?$/i.test(host)) return false;
  lastGood = host;
  return true;
}

/** The API that a Host such as `a1b2c3.execute-api.localhost:8080` names, as the hosts of AWS's own APIs do. */
export function apiOfHost(host: string | undefined): string | undefined {
  return /^([a-z0-9]+)\.execute-api\./i.exec(host ?? '')?.[1]?.toLowerCase();
}

const slash = 0x2f;

/** Nearly all requests come with the same Host. */
let lastGood: string | undefined;
