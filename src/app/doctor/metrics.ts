import { clockText } from '../../domain/clock-text.ts';
import type { ArmTick } from '../../domain/observation.ts';
import { formatDuration } from '../../domain/parse.ts';
import { instant } from '../../domain/units.ts';
import { championBreaches } from '../../monitor/judge/guardrails/champion-breach.ts';
import { counted } from '../../view/words.ts';
import type { Session } from '../session.ts';
import { type Check, type Finding, one } from './scene.ts';
import { pathFinding, pathOfMetrics } from '../plan/metrics-path.ts';
import { missingUsers } from '../plan/missing-users.ts';

/** So many ticks of the champion's are read. */
const lookedBack = 30;

/** Whether a rollout could be judged. */
export const metricsCheck: Check = {
  name: 'metrics',
  async look({ context, at, champion, isBehind }) {
    if (champion === null || isBehind) return [];
    const { config, connection } = at;
    const { tickMs } = config.strategies.canary;
    const to = Math.floor((context.world.clock.now() - config.settleMs) / tickMs) * tickMs;
    const { endpoint, version, functionVersion } = champion;
    const reading = await connection.metrics.read({
      champion: endpoint === undefined ? null : { version, endpoint: endpoint.name, functionVersion },
      challenger: null,
      from: instant(to - lookedBack * tickMs),
      to: instant(to),
      tickMs,
      plannedPercent: 0,
    });
    if (reading.kind === 'unreadable')
      return [
        {
          ok: false,
          detail: reading.why,
          mend: reading.denied ? 'allow cloudwatch:GetMetricData' : 'try again',
        },
      ];
    const history = reading.observations
      .map((tick) => tick.champion)
      .filter((arm): arm is ArmTick => arm !== null);
    const { guardrails } = config;
    const { scope } = config.judge;
    // A champion in trouble is told, and no fault: it must not block its fix.
    const told: Finding[] = championBreaches({
      guardrails,
      history,
      historyTickMs: tickMs,
      scope,
    }).map(({ sentence }) => ({ check: 'guardrails', ok: true, detail: sentence }));
    for (const detail of reading.notes ?? [])
      if (detail !== clockFinding(at)?.detail) told.push({ ok: true, detail });
    const requests = reading.observations.reduce((sum, tick) => sum + (tick.champion?.requests ?? 0), 0);
    const users =
      config.routing === 'sticky' ? missingUsers(reading.observations, config.requests.userKey) : null;
    const mend = `send the user's id as ${config.requests.userKey}, or set requests.userKey or routing: weighted in mlreg.yaml`;
    if (users !== null && requests === 0) return [{ ok: false, detail: users, mend }, ...told];
    if (users !== null) told.push({ check: 'users', ok: true, warning: true, detail: users, mend });
    const last = `in the last ${formatDuration(lookedBack * tickMs)}`;
    const seen: Finding =
      requests > 0
        ? { ok: true, detail: `${counted(requests, 'request')} of ${version} ${last}` }
        : {
            ok: false,
            detail: `no request of ${version} ${last}: nothing could be judged`,
            mend: 'send traffic first (mlreg local traffic), or check the metric names',
          };
    return [seen, ...told];
  },
};

export const pathCheck: Check = {
  name: 'metrics path',
  look: async ({ context, at, champion }) => one(pathFinding(await pathOfMetrics(context, at, champion), at)),
};

export const clockCheck: Check = {
  name: 'clock',
  look: ({ at }) => Promise.resolve(one(clockFinding(at))),
};

const toldFromMs = 30_000;

/** mlreg goes by AWS's time. Other programs go by the machine's: sign-in, certificates, logs that are read side by side. */
function clockFinding({ connection }: Session): Finding | null {
  const aheadMs = connection.machineAheadMs();
  const detail = clockText(aheadMs);
  if (detail === null || Math.abs(aheadMs) < toldFromMs) return null;
  return {
    ok: true,
    warning: true,
    detail,
    mend: 'let NTP set it: sudo timedatectl set-ntp true',
  };
}
