import { thisMachine } from '../machine.ts';
import { burstTables, coldTable, stormTable } from './report-noise.ts';
import { detectionTables, headToHead, latencyTables, whereOthersWin } from './report-detection.ts';
import { falseRollbackTables } from './report-false.ts';
import { againstStudy } from './report-study.ts';
import type { Results } from './results.ts';
import type { Table } from './cells.ts';
import { coarseEdges } from './traffic.ts';

/** RESULTS.md from whatever was simulated. */
export function report(results: Results, about: { seed: number; date: string; speed: string }): string {
  const runs = (table: Table): string => {
    const counts = results[table].map((one) => one.of(one.contestants[0]!)!.runs);
    const most = Math.max(
      0,
      ...results[table].flatMap((one) => one.contestants.map((name) => one.of(name)?.runs ?? 0)),
    );
    if (counts.length === 0) return 'none';
    const least = Math.min(...counts);
    return most > least ? `${least} (some contestants up to ${most})` : `${least}`;
  };
  return [
    '# The judge against its peers, and against the study it was designed by',
    `Simulated on ${about.date}, seed ${about.seed}, ${thisMachine()}. Made by \`npm run bench:judge\`; do not edit.`,
    setUp,
    `Runs a cell: false rollbacks ${runs('falseRollbacks')}, error regressions ${runs('errors')}, latency ${runs('latencyFalse')} healthy and ${runs('latency')} slower, bursts ${runs('bursts')}, storms ${runs('storms')}, cold starts ${runs('cold')}.`,
    againstStudy(results),
    headToHead(results),
    whereOthersWin(results),
    ...falseRollbackTables(results),
    ...detectionTables(results),
    ...latencyTables(results),
    ...burstTables(results),
    stormTable(results),
    coldTable(results),
    about.speed,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

const setUp = `**Set-up.** Poisson arrivals under a daily wave of 30 %, each request an arm by its share, binomial errors unless stated; an hour's canary in one step, ticks of 60 s and 10 s, three hours of the champion's minutes as history. All contestants of a cell see the same requests.

- \`mlreg\`: the judge that decides in production, alpha = 1 %, no margin and no warm-up, error guardrail 5 %, latency by buckets of ratio 1.05: the set-up of the study. \`defaults\`: margins 1.1x + 0.02 pp and 10 %, warm-up 5 min, all four guardrails, and the ${coarseEdges.length} latency buckets that mlreg reads from CloudWatch: what a user has who configures nothing. \`independent\`: \`noise: independent\`.
- \`study\`: the reference implementation that the judge was designed by, 300 to 2,000 runs a cell of its own simulation.
- Argo Rollouts fails at the 4th failed measurement (failureLimit 3; documented: 5 % in 5 minutes), Flagger one interval after the 5th failed check (documented: 99 %), alarms are CloudWatch's M of N minutes as CodeDeploy and SageMaker roll back on, missing data not breaching, Kayenta is NetflixACAJudge on one-minute error rates, the z-test is one-sided at 1 %. \`2x\` and \`1.15x\` are multiples of the champion's *true* rate or quantile, which no user knows. Each of them gives the answers of its own project's tests first (test/unit/bench-judge).
- Minutes are means with 60 for never; *failed* are the challenger's failed requests until the rollback. The bound is log(1/alpha)/KL requests: no test of level 1 % on any ticks can do with fewer in the mean.
- CloudWatch's delay of a minute or two hits everyone alike and is not added. The scenarios are those that the judge's constants were chosen on (other seeds); there is no recorded traffic here.`;
