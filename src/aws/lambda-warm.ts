import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { instant } from '../domain/units.ts';
import type { Clock } from '../ports/index.ts';
import { type Platform, PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { attempt } from './errors.ts';
import { metricStat } from './metric-catalogue.ts';
import { type Points, readMetricData } from './metric-data.ts';

interface WarmOptions {
  readonly clients: Clients;
  readonly clock: Clock;
  readonly functionName: string;
}

/** How many environments the traffic keeps busy, and starting as many of another version. */
export function createLambdaWarm(options: WarmOptions): Pick<Platform, 'warm' | 'concurrency'> {
  const { clock } = options;
  /** Minutes in which we ourselves made the function busy: else each warm-up would be larger than the last. */
  const ownMinutes = new Set<number>();
  /** The most that others kept busy: minutes of our own hide it from later warm-ups of the same rollout. */
  let peak = { busy: 0, at: 0 };
  const minuteOf = (at: number): number => Math.floor(at / minuteMs) * minuteMs;
  return {
    /** Environments that answered: as many as were asked for, or fewer. */
    async warm(functionVersion, environments) {
      const begin = minuteOf(clock.now());
      const answers = await Promise.all(
        Array.from({ length: environments }, () => warmOne(options, functionVersion)),
      );
      for (let minute = begin; minute <= clock.now(); minute += minuteMs) ownMinutes.add(minute);
      return answers.filter((answered) => answered).length;
    },
    async concurrency() {
      const end = minuteOf(clock.now()) + minuteMs;
      const busy = await busyEnvironments(options, { from: end - windowMs, to: end }, ownMinutes);
      if (busy >= peak.busy || peak.at < end - windowMs) peak = { busy, at: end };
      return Math.min(most, Math.max(1, Math.ceil(peak.busy)));
    },
  };
}

const minuteMs = 60_000;
/** Long enough for a quiet moment not to count as the traffic of now. */
export const windowMs = 15 * minuteMs;
/** More would be a load test. */
const most = 50;
/** While one is held, the next invocation needs an environment of its own. */
const holdMs = 200;
/** A cold environment may take its time; nobody waits for it but mlreg. */
const requestTimeoutMs = 30_000;

async function warmOne({ clients, functionName }: WarmOptions, functionVersion: string): Promise<boolean> {
  const lambda = clients.of(LambdaClient, { maxAttempts: 1, requestTimeoutMs });
  const resource = `version ${functionVersion} of function ${functionName}`;
  try {
    const answer = await attempt({ action: 'lambda:InvokeFunction', resource }, () =>
      lambda.send(
        new InvokeCommand({
          FunctionName: functionName,
          Qualifier: functionVersion,
          Payload: Buffer.from(JSON.stringify({ mlreg: 'warm', holdMs })),
        }),
      ),
    );
    if (answer.FunctionError !== undefined) return false;
    refuseWithoutShadow(answer.Payload, functionName);
    return withKeys(answer.Payload, functionName);
  } catch (error) {
    // One that is throttled or lost is one less; a missing permission or version is a mistake in all of them.
    const passing = error instanceof PlatformError && ['throttled', 'unknown'].includes(error.failure.kind);
    if (!passing) throw error;
    return false;
  }
}

/**
 * The router has just sent the shadow function an event of its own: that it was refused is better known before a shadow
 * begins than found out by copies that never arrive.
 */
function refuseWithoutShadow(payload: Uint8Array | undefined, functionName: string): void {
  const text = payload === undefined ? '{}' : new TextDecoder().decode(payload);
  if (!/"copies":\s*"refused"/.test(text)) return;
  throw new PlatformError({
    kind: 'refused',
    message: `${functionName} may not invoke the shadow function, or it has no alias live: allow its role lambda:InvokeFunction on the function lambda.shadowFunction of mlreg.yaml`,
  });
}

/**
 * A version that cannot read the list of API keys answers every caller with 503. No metric of a model shows that, and
 * every user of a route is served by the same Lambda version, so a rollout must end before it moves anybody.
 * @returns false where the read failed just now: this environment is not warm, the next may be
 */
function withKeys(payload: Uint8Array | undefined, functionName: string): boolean {
  const text = payload === undefined ? '{}' : new TextDecoder().decode(payload);
  const [, keys] = /"keys":\s*"(refused|unavailable)"/.exec(text) ?? [];
  if (keys !== 'refused') return keys === undefined;
  throw new PlatformError({
    kind: 'refused',
    message: `${functionName} cannot read the list of API keys: its log says why. Check MLREG_API_KEYS_PARAMETER, and allow its role ssm:GetParameter on that parameter and kms:Decrypt on its key`,
  });
}

/** The most that were busy at once in this time, minutes of our own left out. */
export async function busyEnvironments(
  { clients, functionName }: Pick<WarmOptions, 'clients' | 'functionName'>,
  { from, to }: { readonly from: number; readonly to: number },
  ownMinutes: ReadonlySet<number> = new Set(),
): Promise<number> {
  const dimensions = { FunctionName: functionName };
  const [measured, invocations, durations] = await readMetricData(clients, {
    stats: [
      metricStat('function', 'ConcurrentExecutions', 'Maximum', dimensions, minuteMs),
      metricStat('function', 'Invocations', 'Sum', dimensions, minuteMs),
      metricStat('function', 'Duration', 'Average', dimensions, minuteMs),
    ],
    from: instant(from),
    to: instant(to),
  });
  const foreign = [...(measured ?? [])].filter(([at]) => !ownMinutes.has(at)).map(([, value]) => value);
  return foreign.length > 0
    ? Math.max(...foreign)
    : estimated(invocations ?? new Map(), durations ?? new Map());
}

/** Little's law: requests a millisecond, times the milliseconds each takes. Warm-ups hardly show in it. */
function estimated(invocations: Points, durations: Points): number {
  const byMinute = [...invocations].map(([at, count]) => (count / minuteMs) * (durations.get(at) ?? 0));
  return Math.max(0, ...byMinute);
}
