import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import type { Effect } from '../../../src/domain/journal.ts';
import type { Step } from '../../../src/domain/plan.ts';
import { percent } from '../../../src/domain/units.ts';
import { createOutput, table } from '../../../src/reporting/output.ts';
import { counted, effectTitle, percentText, routeTitle, stepTitle } from '../../../src/view/words.ts';
import { v22, v23 } from '../../support/model-world.ts';

const split = { kind: 'split', champion: v22, challenger: v23, percent: percent(12.5) } as const;
const shadow = { kind: 'shadow', champion: v22, challenger: v23, sample: percent(25) } as const;
const single = { kind: 'single', version: v23 } as const;
const bake = {
  kind: 'bake',
  durationMs: 900_000,
  extendMs: 0,
  final: false,
  onInconclusive: 'hold',
} as const;

describe('words, the same in every view', () => {
  const steps: readonly (readonly [Step, string])[] = [
    [{ kind: 'approve', needed: 1, timeoutMs: 1 }, 'approval by 1 person'],
    [{ kind: 'approve', needed: 2, timeoutMs: 1 }, 'approval by 2 people'],
    [{ kind: 'provision', version: v23, routes: [], timeoutMs: 1 }, 'provision v2.3.0'],
    [{ kind: 'smoke', version: v23 }, 'smoke test v2.3.0'],
    [{ kind: 'warm-up', route: single }, 'warm up v2.3.0 100 %'],
    [{ kind: 'route', route: split }, 'route v2.3.0 12.5 %'],
    [{ ...bake, percent: percent(10) }, 'bake at 10 % for 15m'],
    [{ ...bake, percent: percent(0) }, 'bake in shadow for 15m'],
    [{ ...bake, percent: percent(100), durationMs: null }, 'watch'],
    [{ kind: 'swap-stage', to: 'green', deployment: 'new' }, 'swap the stage to green'],
    [{ kind: 'promote', version: v23 }, 'promote v2.3.0'],
    [{ kind: 'commit', keepPreviousMs: 1 }, 'write the registry'],
    [{ kind: 'notify', subject: 'x' }, 'notify'],
  ];
  it.each(steps)('%o', (step, title) => {
    expect(stepTitle(step)).toBe(title);
  });

  const effects: readonly (readonly [Effect, string])[] = [
    [{ kind: 'ensure-endpoint', version: v23, endpoint: 'e', generation: 1 }, 'endpoint e'],
    [{ kind: 'publish', route: shadow }, 'publishing the route v2.3.0 in shadow of 25 %'],
    [{ kind: 'smoke', version: v23 }, 'asking v2.3.0 the smoke requests'],
    [{ kind: 'warm-up', route: split }, 'warming v2.3.0 12.5 %'],
    [
      {
        kind: 'set-alias',
        purpose: 'route',
        alias: 'live',
        target: { functionVersion: '7', weights: { 8: 0.07 } },
        route: split,
      },
      'alias live -> Lambda version 7 + 7 % to 8',
    ],
    [{ kind: 'notify', subject: 's', body: '' }, 'notifying'],
  ];
  it.each(effects)('%o', (effect, title) => {
    expect(effectTitle(effect)).toBe(title);
  });

  it('refuse what nobody knows', () => {
    for (const title of [stepTitle, effectTitle, routeTitle])
      expect(() => title({ kind: 'sing' } as never)).toThrow('unreachable');
  });

  it('count', () => {
    expect([0, 1, 2].map((count) => counted(count, 'request'))).toEqual([
      '0 requests',
      '1 request',
      '2 requests',
    ]);
    expect(counted(1, 'criterion', 'criteria')).toBe('1 criterion');
    expect([percentText(0.05, 0), percentText(0.001)]).toEqual(['5 %', '0.1 %']);
  });
});

describe('output', () => {
  const made = (options: { mode?: 'text' | 'json' | 'ndjson'; quiet?: boolean }) => {
    let [stdout, stderr] = ['', ''];
    const streams = {
      stdout: (text: string) => void (stdout += text),
      stderr: (text: string) => void (stderr += text),
      stdoutIsTerminal: false,
      stderrIsTerminal: false,
      columns: 80,
    };
    const output = createOutput(streams, {}, { mode: 'text', quiet: false, color: true, ...options });
    output.answer({ kind: 'Thing', size: 1 }, () => 'a thing');
    output.say('talk');
    return [stdout, stderr];
  };
  it.each([
    ['text', {}, 'a thing\n', 'talk\n'],
    ['quiet', { quiet: true }, 'a thing\n', ''],
    [
      'json',
      { mode: 'json' },
      '{\n  "apiVersion": "mlreg/v1",\n  "kind": "Thing",\n  "size": 1\n}\n',
      'talk\n',
    ],
    ['ndjson', { mode: 'ndjson' }, '{"apiVersion":"mlreg/v1","kind":"Thing","size":1}\n', 'talk\n'],
  ] as const)('%s: the answer on stdout, talk on stderr', (_name, options, stdout, stderr) => {
    expect(made(options)).toEqual([stdout, stderr]);
  });

  it('tables pipe well: no borders, nothing after the last cell', () => {
    const paint = new Chalk({ level: 0 });
    expect(
      table(
        ['A', 'LONG'],
        [
          ['x', ''],
          ['yyyy', 'z'],
        ],
        paint,
      ),
    ).toBe('A     LONG\nx\nyyyy  z');
    expect(table(['A'], [], paint)).toBe('A');
  });
});
