import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Longest first: a file of a minute and a half that starts last makes everybody wait for it. */
const slow = [
  'demo',
  'apply',
  'rollout',
  'blue-green',
  'weighted-and-watch',
  'kill-and-resume',
  'action',
  'shadow',
];

/** A fresh clone knows no durations from earlier runs; these are named. The others run in vitest's own order. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const place = ({ moduleId }: TestSpecification): number => {
      const at = slow.indexOf(basename(moduleId, '.test.ts'));
      return at === -1 ? slow.length : at;
    };
    return sorted.sort((a, b) => place(a) - place(b));
  }
}
