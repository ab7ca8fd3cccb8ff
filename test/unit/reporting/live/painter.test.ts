import { Chalk } from 'chalk';
import { expect, it } from 'vitest';
import type { Entry } from '../../../../src/domain/journal.ts';
import { createLiveView } from '../../../../src/reporting/live/live-view.ts';
import { createPainter } from '../../../../src/reporting/live/painter.ts';
import { createOutput } from '../../../../src/reporting/output.ts';
import { replay } from '../../../../src/engine/fold-journal.ts';
import { openTerminal } from '../../../support/terminal-grid.ts';
import { atStep, stepOf } from '../../engine/story.ts';

function painting(columns = 40, rows = 10) {
  const terminal = openTerminal(columns, rows);
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  const flush = async (): Promise<string> => {
    await terminal.write(written.splice(0).join(''));
    return terminal.grid();
  };
  return { terminal, written, write, flush };
}

it('draws over what it drew, writes changed lines only, and says where a picture begins and ends', async () => {
  const { write, written, flush } = painting();
  const painter = createPainter(write);
  painter.paint(['one', 'two', 'three'], 40);
  expect(await flush()).toBe('one\ntwo\nthree');
  painter.paint(['one', '2', 'three'], 40);
  expect(written.join('')).toBe('\u001b[?2026h\u001b[3A\r\n\u001b[K2\n\n\u001b[?2026l');
  expect(await flush()).toBe('one\n2\nthree');
  painter.paint(['one', '2', 'three'], 40);
  expect(written).toEqual([]);
  painter.paint(['one'], 40);
  expect(await flush()).toBe('one');
  painter.around(() => write('said\n'));
  painter.paint(['one', 'two'], 40);
  expect(await flush()).toBe('said\none\ntwo');
});

/** A rollout at a terminal, in time that the test moves. */
function live(columns = 80, rows = 24) {
  const { entries, state, now } = atStep(stepOf.bake10, { kind: 'later', ms: 1_000 });
  const screen = painting(columns, rows);
  const time = { now: now as number };
  const size = { columns, rows };
  const output = createOutput(
    { stdout: screen.write, stderr: screen.write, stdoutIsTerminal: true, stderrIsTerminal: true, columns },
    {},
    { mode: 'text', quiet: false, color: false },
  );
  const view = createLiveView({
    output,
    now: () => time.now,
    write: screen.write,
    size: () => size,
    unicode: true,
  });
  const told = (upTo: readonly Entry[]): void => view.onEntry(upTo.at(-1)!, replay(state.id, upTo));
  return { ...screen, view, output, time, size, state, entries, told };
}

it('owns the terminal: what is said stands above, once, and the picture below', async () => {
  const { view, state, output, flush } = live();
  view.onBeat(state);
  output.say('somebody said this');
  output.say('and that');
  const grid = await flush();
  expect(grid.split('\n').slice(0, 3)).toEqual([
    'somebody said this',
    'and that',
    expect.stringContaining('recommendation · local'),
  ]);
  expect(grid.match(/is baking at 10 %/g)).toHaveLength(1);
});

it('writes nothing between a question and its answer, whatever comes', async () => {
  const { view, state, output, time, written, write, told, entries, flush } = live();
  view.onBeat(state);
  view.freeze();
  write('[r] roll back now\n  rolls back in 15 s: ');
  await flush();
  time.now += 1_000;
  view.onBeat(state);
  told(entries);
  output.say('a late tick');
  expect(written).toEqual([]);
  view.thaw();
  const grid = await flush();
  expect(grid).toContain('rolls back in 15 s: a late tick');
  expect(grid).toMatch(/is baking at 10 %/);
});

it('draws five times a second at most', () => {
  const { view, state, time, written } = live();
  for (let ms = 0; ms < 1_000; ms += 10) {
    time.now += 10;
    view.onBeat({ ...state, heldWhy: String(ms) });
  }
  expect(written.length).toBeLessThanOrEqual(5);
});

it('leaves a summary of six lines, and draws no more', async () => {
  const { view, state, time, flush } = live();
  view.onBeat(state);
  view.stop();
  view.stop();
  time.now += 10_000;
  view.onBeat(state);
  const lines = (await flush()).split('\n');
  expect(lines.length).toBeLessThanOrEqual(6);
  expect(lines[1]).toContain('v2.3.0 is baking at 10 %');
});

it.each([
  [120, 40],
  [60, 20],
  [45, 12],
])('draws anew where the terminal becomes %i x %i', async (columns, rows) => {
  const { view, state, time, size, terminal, flush } = live();
  view.onBeat(state);
  await flush();
  Object.assign(size, { columns, rows });
  terminal.resize(columns, rows);
  time.now += 1_000;
  view.onBeat(state);
  const grid = await flush();
  expect(grid.match(/Ctrl-C asks first|● v2\.3\.0 10 %/g)?.length).toBeGreaterThan(0);
  expect(grid.split('\n').at(-1)).toMatch(columns < 60 ? /^ {2}/ : /Ctrl-C/);
});

it('shows no control sequence that a stranger wrote', async () => {
  const { view, state, output, flush } = live();
  view.onBeat({ ...state, heldSince: state.stepSince, heldWhy: 'evil \u001b[2J\u0007 title' });
  output.say('also \u001b[2J');
  expect(await flush()).toContain('evil ?[2J? title');
  expect(new Chalk({ level: 0 }).red('x')).toBe('x');
});
