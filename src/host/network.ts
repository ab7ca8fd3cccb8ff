import { readFileSync } from 'node:fs';
import { type ClientRequest, globalAgent as plain } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP } from 'node:net';
import { rootCertificates } from 'node:tls';
import { Agent, type AgentConnectOpts } from 'agent-base';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';
import { UserError } from '../domain/user-error.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** How this machine reaches the internet, where it does so by a proxy or trusts a certificate authority of its own. */
export interface Network {
  /** For both http and https: it decides for each host. */
  readonly agent: Agent;
  /** The proxy for a URL without its credentials; null where the URL is reached directly. */
  proxyFor(url: string): string | null;
}

const proxyNames = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'].flatMap((name) => [name.toLowerCase(), name]);

/**
 * By HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY (either case), and by AWS_CA_BUNDLE. This machine itself is always
 * reached directly. NODE_EXTRA_CA_CERTS is Node's own and holds as well.
 * @throws UserError where a proxy is no URL, or the bundle can't be read
 */
export function networkOf(env: Variables): Network {
  const ca = authorities(env);
  const direct = new HttpsAgent({ keepAlive: true });
  const proxies = new Map<string, HttpsProxyAgent<string>>();
  for (const name of proxyNames) checkProxy(name, env[name]);

  function through(proxy: string): HttpsProxyAgent<string> {
    const known = proxies.get(proxy);
    if (known !== undefined) return known;
    const made = new HttpsProxyAgent(proxy, { keepAlive: true });
    proxies.set(proxy, made);
    return made;
  }

  class Routed extends Agent {
    connect(_request: ClientRequest, { secureEndpoint, host, port }: AgentConnectOpts) {
      const proxy = proxyOf(`${secureEndpoint ? 'https' : 'http'}://${urlHost(host ?? 'localhost')}:${port}`);
      if (proxy !== '') return through(proxy);
      return secureEndpoint ? direct : plain;
    }
  }

  return {
    // What it is made with, it hands on to the agent that it chooses.
    agent: new Routed({ keepAlive: true, ...(ca === undefined ? {} : { ca }) }),
    proxyFor(url) {
      const proxy = proxyOf(url);
      return proxy === '' ? null : new URL(proxy).origin;
    },
  };
}

const urlHost = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);

function proxyOf(url: string): string {
  const { hostname } = new URL(url);
  if (hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)) return '';
  const proxy = getProxyForUrl(url);
  // Without a scheme the library takes the URL's own; a proxy that is spoken to by TLS is the exception.
  return proxyNames.some((name) => proxy === `https://${process.env[name]}`)
    ? proxy.replace('https:', 'http:')
    : proxy;
}

function checkProxy(name: string, value: string | undefined): void {
  if (value === undefined || value === '') return;
  const url = value.includes('://') ? value : `http://${value}`;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return;
  // It may hold a password, so it is not repeated.
  throw new UserError('usage', `${name} is no URL of an HTTP proxy`, {
    mend: `export ${name}=http://proxy.example.com:3128`,
  });
}

function authorities({ AWS_CA_BUNDLE, NODE_EXTRA_CA_CERTS }: Variables): string[] | undefined {
  if (AWS_CA_BUNDLE === undefined || AWS_CA_BUNDLE === '') return undefined;
  // What is given replaces Node's own list, NODE_EXTRA_CA_CERTS included.
  const files = [AWS_CA_BUNDLE, ...(NODE_EXTRA_CA_CERTS ? [NODE_EXTRA_CA_CERTS] : [])];
  return [...rootCertificates, ...files.map(readAuthority)];
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UserError('usage', `the certificates in ${file} can't be read`, {
      why: 'AWS_CA_BUNDLE, or NODE_EXTRA_CA_CERTS, names this file',
      mend: 'export AWS_CA_BUNDLE=FILE, a file of PEM certificates',
      cause,
    });
  }
}
