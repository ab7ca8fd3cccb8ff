import http from 'node:http';
import type { Duplex } from 'node:stream';

/** An end of a connection to what listens there; undefined where that is to be reached over the network. */
export type Connect = (host: string, port: number) => Duplex | undefined;

/**
 * node:http as functions get it: the very module, but that an Agent of theirs takes `connect`'s connections where there
 * are any. Requests are spelled, sent and read as ever; only the wire is shorter.
 */
export function functionHttp(connect: Connect): typeof http {
  class Agent extends http.Agent {
    override createConnection(
      options: http.ClientRequestArgs,
      callback?: (error: Error | null, socket: Duplex) => void,
    ): Duplex | null | undefined {
      const { host, port } = options;
      const own = typeof host === 'string' ? connect(host, Number(port)) : undefined;
      return own ?? super.createConnection(options, callback);
    }
  }
  return Object.defineProperties({} as typeof http, {
    ...Object.getOwnPropertyDescriptors(http),
    Agent: { value: Agent, enumerable: true },
  });
}
