import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { add, type Campaign, campaign, emptyCampaign } from './campaign.ts';
import { designOf } from './designs.ts';
import { levelOf } from './levels.ts';
import type { RunOptions } from './simulate.ts';

export interface Campaigning {
  readonly from: number;
  readonly seeds: number;
  readonly design: string | undefined;
  readonly level: string;
  /** Threads. */
  readonly jobs: number;
  /** Ends when so many seeds have broken a law. */
  readonly most: number;
  readonly onPart: (part: Campaign, all: Campaign) => void;
  /** Somebody wants no more: what is under way is finished. */
  readonly signal?: AbortSignal;
}

interface Task {
  readonly from: number;
  readonly seeds: number;
}

const mark = 'mlreg simulator';
/** Rollouts make much short-lived garbage: a larger nursery halves the collector's work. */
const nurseryMb = 64;
/** Seeds in one go: some seconds' work. */
const pieceOf = (level: string): number => (level === 'engine' ? 500 : 50);

/** Seeds are handed out in pieces to threads that each run this very bundle. */
export async function campaignOver(bundle: URL, wanted: Campaigning): Promise<Campaign> {
  const { from, seeds, jobs, design, level, most } = wanted;
  const piece = pieceOf(level);
  const all = emptyCampaign();
  let next = from;
  const take = (): Task | null => {
    if (next >= from + seeds || all.violations.length >= most || wanted.signal?.aborted === true) return null;
    const task = { from: next, seeds: Math.min(piece, from + seeds - next) };
    next += task.seeds;
    return task;
  };
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(bundle, {
        workerData: { mark, design, level },
        resourceLimits: { maxYoungGenerationSizeMb: nurseryMb },
      });
      const hand = (): void => worker.postMessage(take());
      worker.on('message', (part: Campaign) => {
        add(all, part);
        wanted.onPart(part, all);
        hand();
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve());
      hand();
    });
  await Promise.all(Array.from({ length: jobs }, work));
  return all;
}

/** Names go from thread to thread; what they name doesn't. */
export function optionsOf(names: Pick<Campaigning, 'design' | 'level'>): RunOptions {
  const design = designOf(names.design);
  return { ...levelOf(names.level), ...(design === undefined ? {} : { design }) };
}

/** What a thread does; nothing in the main one. */
export function serve(): void {
  const given = workerData as { mark?: string; design: string | undefined; level: string } | null;
  if (isMainThread || given?.mark !== mark) return;
  const options = optionsOf(given);
  parentPort?.on('message', (task: Task | null) => {
    if (task === null) return parentPort?.close();
    void campaign(task.from, task.seeds, options).then((part) => parentPort?.postMessage(part));
  });
}
