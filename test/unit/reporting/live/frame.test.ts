import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { instant } from '../../../../src/domain/units.ts';
import { frame, summary } from '../../../../src/reporting/live/frame.ts';
import { widthOf } from '../../../../src/reporting/width.ts';
import { createViewer } from '../../../../src/view/view.ts';
import { gridOf } from '../../../support/terminal-grid.ts';
import { began, observation } from '../../engine/story.ts';
import { atStep, stepOf } from '../../engine/story.ts';
import { situations } from './situations.ts';

const options = { paint: new Chalk({ level: 1 }), unicode: true, keys: 'Ctrl-C asks first' };
const sizes = [
  [80, 24],
  [200, 50],
  [40, 15],
] as const;

describe.each(situations)('%s', (_name, view) => {
  it.each(sizes)('at %i x %i fits, and says the same first', async (columns, rows) => {
    const lines = frame(view(), columns, rows, options);
    expect(lines.length).toBeLessThanOrEqual(rows);
    expect(lines.filter((line) => widthOf(line) > columns)).toEqual([]);
    const grid = await gridOf(`${lines.join('\r\n')}`, columns, rows);
    expect(grid).toMatchSnapshot();
  });
});

it('needs no more than ASCII where the terminal has no more', () => {
  for (const [, view] of situations) {
    const text = [
      ...frame(view(), 80, 24, { ...options, unicode: false }),
      ...summary(view(), 80, { ...options, unicode: false }),
    ].join('\n');
    expect(text.replaceAll(/\u001b\[\d+m/g, '')).toMatch(/^[\n\u0020-\u007e]*$/);
  }
});

it.each([1, 7, 20, 39, 40, 59, 60, 69, 70, 79, 80, 119, 120, 300])(
  'is never wider than %i columns',
  (columns) => {
    for (const [, view] of situations)
      for (const rows of [1, 2, 7, 8, 24])
        for (const line of frame(view(), columns, rows, options))
          expect(widthOf(line)).toBeLessThanOrEqual(columns);
  },
);

it('leaves six lines at most', () => {
  for (const [, view] of situations) {
    const lines = summary(view(), 80, options);
    expect([lines.length <= 6, lines.some((line) => widthOf(line) > 80)]).toEqual([true, false]);
  }
});

it('is drawn within 5 ms at 10,000 ticks, on an idle machine', () => {
  const { state } = atStep(stepOf.bake10);
  const ticks = Array.from({ length: 10_000 }, (_, i) => observation(0, instant(began + 1_000 * (i + 1))));
  const viewer = createViewer();
  const now = instant(began + 10_000_000);
  viewer.view({ ...state, observations: ticks }, now);
  const times = Array.from({ length: 20 }, () => {
    const before = process.cpuUsage();
    frame(viewer.view({ ...state, observations: ticks }, now), 80, 24, options);
    return process.cpuUsage(before).user / 1_000;
  });
  expect(times.toSorted((a, b) => a - b)[10]).toBeLessThan(25);
});
