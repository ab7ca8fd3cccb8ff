import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import { instant, versionTag } from '../domain/units.ts';
import type { Metrics, ProbeSent } from '../ports/index.ts';
import { PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';
import type { ReadMetrics } from './gathered-reads.ts';
import { metricStat } from './metric-catalogue.ts';

interface ProbeOptions {
  readonly clients: Clients;
  readonly environment: string;
  readonly model: string;
  readonly functionName: string;
  /** The alias that users reach at rest. */
  readonly alias: string;
  readonly read: ReadMetrics;
}

/** Timed by the function's own clock; an older router doesn't know the event, and another program answers anything. */
const answerShape = z.object({ probed: z.object({ at: z.number(), version: z.string() }) });

const requestTimeoutMs = 10_000;
const minuteMs = 60_000;

/** A tagged request by a direct invocation of the alias that users reach: the router prints the metric Probe, and no other. */
export function createProbe(options: ProbeOptions): Required<Pick<Metrics, 'probe' | 'probeSeen'>> {
  const { clients, functionName, read } = options;
  const lambda = () => clients.of(LambdaClient, { maxAttempts: 1, requestTimeoutMs });
  /** Under which version the router counted the newest one. */
  let countedAs: string | undefined;
  return {
    async probe(arm): Promise<ProbeSent> {
      const Qualifier = arm.alias ?? options.alias;
      const resource = `alias ${Qualifier} of function ${functionName}`;
      try {
        const answer = await attempt({ action: 'lambda:InvokeFunction', resource }, () =>
          lambda().send(
            new InvokeCommand({ FunctionName: functionName, Qualifier, Payload: Buffer.from(event) }),
          ),
        );
        const read = answerShape.safeParse(parsed(answer.Payload));
        if (answer.FunctionError !== undefined || !read.success) return { kind: 'unknown' };
        const { at, version } = read.data.probed;
        countedAs = version;
        return { kind: 'sent', at: instant(at), version: versionTag(version) };
      } catch (error) {
        if (!(error instanceof PlatformError)) throw error;
        const denied = error.failure.kind === 'denied' || error.failure.kind === 'credentials';
        return { kind: 'failed', why: error.message, denied };
      }
    },
    async probeSeen(arm, at): Promise<boolean> {
      const { environment: Environment, model: Model } = options;
      const router = { Environment, Model, ModelVersion: countedAs ?? arm.version };
      const from = Math.floor(at / minuteMs) * minuteMs;
      try {
        const [points] = await read({
          stats: [metricStat('router', 'Probe', 'SampleCount', router, minuteMs)],
          from: instant(from),
          to: instant(from + minuteMs),
        });
        return points !== undefined && points.size > 0;
      } catch (error) {
        if (error instanceof PlatformError) return false;
        throw error;
      }
    },
  };
}

const event = JSON.stringify({ mlreg: 'probe' });

function parsed(payload: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}
