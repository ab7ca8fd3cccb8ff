import type { LookupAddress } from 'node:dns';
import { lookup as dnsLookup } from 'node:dns/promises';
import type { Agent } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { isPublicAddress } from './public-address.ts';

export interface Reach {
  /** @default the system's resolver */
  readonly lookup?: (host: string) => Promise<readonly LookupAddress[]>;
  /** @default isPublicAddress */
  readonly isAllowed?: (address: string) => boolean;
  /** How https leaves this machine, where that is not directly. */
  readonly proxy?: { readonly agent: Agent; proxyFor(url: string): string | null };
  /** Sends it; stands in for node:https in tests. */
  readonly request?: typeof httpsRequest;
  /** @default 5000 */
  readonly withinMs?: number;
}

export interface Asked {
  readonly method: 'GET' | 'POST';
  /** May be a secret: it is in no error. */
  readonly url: string;
  /** For people, in errors: `the Slack webhook`. */
  readonly name: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a string as it is, where its very bytes are signed. */
  readonly body?: unknown;
}

const mostBytes = 256 * 1024;

/**
 * One HTTPS request to a host that is on the internet. The name is resolved once, every address it has must be public, and
 * the connection goes to one of these very addresses, so that a name can't point elsewhere a moment later. Redirects are
 * answers, and not followed. Where a proxy is between, the proxy resolves the name and says what may be reached: an address
 * that is not public is refused here all the same.
 * @throws Error whose message names what was asked and not where
 */
export async function ask(
  { method, url, name, headers = {}, body }: Asked,
  {
    lookup = resolved,
    isAllowed = isPublicAddress,
    proxy,
    request = httpsRequest,
    withinMs = 5_000,
  }: Reach = {},
): Promise<{ readonly status: number; readonly text: string; readonly retryAfter: string | undefined }> {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (target?.protocol !== 'https:') throw new Error(`${name}: its URL does not begin with https://`);
  if (target.username !== '' || target.password !== '') throw new Error(`${name}: its URL holds credentials`);
  const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
  const isProxied = proxy !== undefined && proxy.proxyFor(url) !== null;
  const addresses =
    isIP(host) > 0
      ? [{ address: host, family: isIP(host) }]
      : isProxied
        ? []
        : await found(lookup, host, name);
  const [first] = addresses;
  if ((first === undefined && !isProxied) || !addresses.every(({ address }) => isAllowed(address)))
    throw new Error(`${name}: its host is not on the public internet`);
  const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${name}: ${why}`));
    const sent = request(
      {
        method,
        hostname: host,
        ...(isIP(host) > 0 ? {} : { servername: host }),
        port: target.port === '' ? 443 : Number(target.port),
        path: `${target.pathname}${target.search}`,
        // The address that was checked, and no second look.
        ...(first === undefined
          ? {}
          : {
              lookup: (_host, options, done) =>
                options.all === true ? done(null, [first]) : done(null, first.address, first.family),
            }),
        agent: proxy?.agent ?? false,
        headers: {
          'user-agent': 'mlreg',
          ...(payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
          ...headers,
        },
        signal: AbortSignal.timeout(withinMs),
      },
      (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes > mostBytes) response.destroy(new Error('too long'));
          else parts.push(part);
        });
        response.on('error', () => fail('its answer broke off'));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(parts).toString('utf8'),
            retryAfter: response.headers['retry-after'],
          }),
        );
      },
    );
    // Node's own words may hold host and path.
    sent.on('error', (error: NodeJS.ErrnoException) => fail(reasonOf(error, withinMs)));
    sent.end(payload);
  });
}

async function found(
  lookup: NonNullable<Reach['lookup']>,
  host: string,
  name: string,
): Promise<readonly LookupAddress[]> {
  try {
    return await lookup(host);
  } catch {
    throw new Error(`${name}: its host has no address`);
  }
}

const resolved = (host: string): Promise<LookupAddress[]> => dnsLookup(host, { all: true });

function reasonOf({ code, name }: NodeJS.ErrnoException, withinMs: number): string {
  if (name === 'AbortError' || name === 'TimeoutError') return `no answer within ${withinMs / 1000} s`;
  return `it can't be reached (${code ?? name})`;
}
