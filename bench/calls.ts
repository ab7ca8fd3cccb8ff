import { formatDuration } from '../src/domain/parse.ts';
import { bakeMs, countedRollout, type Ran, tickMs } from './counted-rollout.ts';
import { table } from './machine.ts';

/** What a rollout asks of AWS, by the adapters over local AWS in process. */
export async function calls(): Promise<string> {
  const healthy = await countedRollout('canary', 'healthy');
  const ways: (readonly [string, Ran])[] = [
    ['a verdict', await countedRollout('canary', 'fails')],
    ['a verdict, behind the swap', await countedRollout('blue-green', 'fails behind the swap')],
    ["a person's abort, in another process", await countedRollout('canary', 'aborted')],
  ];
  return [
    `A canary of 10 and 50 %, ${formatDuration(bakeMs)} each with a look every ${formatDuration(tickMs)}, promoted (sticky routing):`,
    '',
    byPhase(healthy),
    '',
    'The way back, from that on which it follows:',
    '',
    table(
      [
        'way back from',
        'until users are back',
        'which',
        'until a late swap meets the champion too',
        'all, tidied and read back',
      ],
      ways.map(([what, ran]) => wayBack(what, ran)),
    ),
  ].join('\n');
}

/** What could not be left out, whoever wrote it: resources to be made, writes that move users, one look a tick. */
const least: Readonly<Record<string, (ran: Ran) => string>> = {
  preflight: () => '1 (may the alias be moved)',
  fence: () => '1 (the fencing write)',
  provision: () => '3 creates + 2 a route published',
  smoke: () => '1 a smoke request',
  'warm-up': () => '1 an environment',
  route: () => '1 a step',
  bake: ({ ticks }) => `${ticks} (1 a look)`,
  promote: () => '1',
};

function byPhase(ran: Ran): string {
  const phases = [...new Set(ran.calls.map(({ phase }) => phase))];
  const rows = phases.map((phase) => {
    const own = ran.calls.filter((each) => each.phase === phase);
    return [phase, String(own.length), kilobytes(own), operations(own), least[phase]?.(ran) ?? ''];
  });
  const looks = ran.calls.filter(({ call, phase }) => phase === 'bake' && call.operation === 'GetMetricData');
  rows.push(['whole rollout', String(ran.calls.length), kilobytes(ran.calls), '', '']);
  rows.push([
    'a look',
    (looks.length / ran.ticks).toFixed(2),
    (sum(looks) / 1_024 / looks.length).toFixed(1),
    'GetMetricData',
    '1',
  ]);
  return table(['phase', 'calls', 'KB', 'which', 'least possible'], rows);
}

function wayBack(what: string, ran: Ran): string[] {
  const own = backCalls(ran);
  const home = own.indexOf('UpdateAlias') + 1;
  const all = own.lastIndexOf('UpdateAlias') + 1;
  return [
    what,
    String(home),
    own.slice(0, home).join(', '),
    all === home ? '' : String(all),
    String(own.length),
  ];
}

/** What was asked from the moment that the rollout was to go back, in order. */
export const backCalls = (ran: Ran): readonly string[] =>
  ran.calls.filter(({ phase }) => phase === 'roll back').map(({ call }) => call.operation);

const sum = (own: Ran['calls']): number => own.reduce((total, { call }) => total + call.bytes, 0);
const kilobytes = (own: Ran['calls']): string => (sum(own) / 1_024).toFixed(1);

function operations(own: Ran['calls']): string {
  const counts = new Map<string, number>();
  for (const { call } of own) counts.set(call.operation, (counts.get(call.operation) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} ${name}`)).join(', ');
}
