import type { Entry } from '../../domain/journal.ts';
import { printable } from '../../domain/one-line.ts';
import type { Instant } from '../../domain/units.ts';
import type { RolloutState } from '../../engine/state.ts';
import { createViewer } from '../../view/view.ts';
import type { Output } from '../output.ts';
import { frame, type FrameOptions, summary } from './frame.ts';
import { createPainter } from './painter.ts';

/** At most five pictures a second. */
const leastMs = 200;

/** A rollout drawn at the bottom of a terminal. It owns the terminal: whatever else is written goes above it. */
export interface LiveView {
  readonly onEntry: (entry: Entry, state: RolloutState) => void;
  /** Time goes by. */
  readonly onBeat: (state: RolloutState) => void;
  /** A question stands: nothing is drawn, nor written, until it is answered. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** Leaves a summary of a few lines; safe to call twice. */
  readonly stop: () => void;
}

export interface LiveOptions {
  readonly output: Output;
  readonly now: () => number;
  /** Past `output`: pictures hold the terminal's own signs. */
  readonly write: (text: string) => void;
  readonly size: () => { readonly columns: number; readonly rows: number };
  readonly unicode: boolean;
  readonly keys?: string;
}

export function createLiveView({ output, now, write, size, unicode, keys }: LiveOptions): LiveView {
  const viewer = createViewer();
  const painter = createPainter(write);
  const held: (() => void)[] = [];
  const options: FrameOptions = {
    paint: output.paintTalk,
    unicode,
    keys: keys ?? 'Ctrl-C asks first   other terminals: mlreg status | pause | promote | abort',
  };
  let last: RolloutState | null = null;
  let drawnAt = -Infinity;
  let isFrozen = false;
  let isOver = false;

  function draw(isForced = false): void {
    if (last === null || isFrozen || isOver) return;
    if (!isForced && now() - drawnAt < leastMs) return;
    drawnAt = now();
    const { columns, rows } = size();
    // The cursor stands below the last line.
    const lines = frame(viewer.view(last, now() as Instant), columns, rows - 1, options);
    painter.paint(lines.map(printable), columns);
  }

  output.own({
    around(act) {
      if (isFrozen) {
        held.push(act);
        return;
      }
      painter.around(act);
      draw(true);
    },
  });

  return {
    onEntry(entry, state) {
      viewer.push(entry, state);
      last = state;
      draw();
    },
    onBeat(state) {
      last = state;
      draw();
    },
    freeze() {
      painter.clear();
      isFrozen = true;
    },
    thaw() {
      isFrozen = false;
      for (const act of held.splice(0)) act();
      draw(true);
    },
    stop() {
      if (isOver) return;
      if (isFrozen) this.thaw();
      isOver = true;
      painter.clear();
      output.own(null);
      if (last === null) return;
      const { columns } = size();
      const lines = summary(viewer.view(last, now() as Instant), columns, options);
      write(`${lines.map(printable).join('\n')}\n`);
    },
  };
}
