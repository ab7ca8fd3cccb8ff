import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { receiptKeys } from '../../../src/router/receipts/keys.ts';
import { roomFor } from '../../../src/router/receipts/plain.ts';
import { createSeal } from '../../../src/router/receipts/receipt.ts';
import { pairedNeeds, splitNeeds } from '../../../src/monitor/judge/quality/needs.ts';
import { pairedAt } from './paired.ts';
import { seed } from '../simulate.ts';
import { hours, type Outcome, policy, type Scenario, simulateLabels } from './scenario.ts';

const usual = { drop: 0, labelled: 0.3, delay: 'exponential', percent: 10, base: 0.9 } as const;

const healthy: readonly Scenario[] = [
  ...[0.01, 0.1, 0.5, 0.9, 0.99].map((base) => ({ ...usual, name: `${percentOf(base)} good`, base })),
  ...[0.01, 0.1, 1].map((labelled) => ({ ...usual, name: `${percentOf(labelled)} labelled`, labelled })),
  { ...usual, name: 'heavy-tailed delays', delay: 'heavy-tailed' },
  { ...usual, name: '20 % of labels repeated, with the opposite value', repeated: 0.2 },
  { ...usual, name: 'half of the traffic', percent: 50 },
  { ...usual, name: "the challenger's labels take 4 times as long, its bad ones 8 times", slower: 4 },
];

const worse: readonly Scenario[] = [0.5, 0.9].flatMap((base) =>
  [10, 50].map((percent) => ({
    ...usual,
    name: `${percentOf(base)} good, ${percent} % of traffic`,
    base,
    percent,
    drop: 0.05,
  })),
);

/** bench/judge/labels/RESULTS.md */
export function labels(root: string, runs: number): void {
  const outcomes = (scenario: Scenario, cell: number): readonly Outcome[] => {
    const began = performance.now();
    const all = Array.from({ length: runs }, (_, run) => simulateLabels(scenario, [seed, 7_000 + cell, run]));
    console.log(`${scenario.name}: ${runs} runs, ${Math.round((performance.now() - began) / 1000)} s`);
    return all;
  };
  const falseRows = healthy.map((scenario, i) => {
    const all = outcomes(scenario, i);
    return [scenario.name, runs, ...(['mlreg', 'held', 'evidently', 'sagemaker'] as const).map(rate(all))];
  });
  const foundRows = worse.map((scenario, i) => {
    const all = outcomes(scenario, 100 + i);
    const need = splitNeeds(
      {
        loss: 1 - scenario.base,
        difference: scenario.drop,
        discordance: 0,
        alpha: policy.alpha,
        power: 0.5,
        labelsPerSecond: labelsPerHour(scenario) / 3_600,
      },
      scenario.percent,
    );
    const fixedHours = need.fixed / labelsPerHour(scenario);
    return [
      scenario.name,
      runs,
      rate(all)('mlreg'),
      median(all.map(({ mlreg }) => mlreg)),
      `${fixedHours.toFixed(1)} + 2`,
      rate(all)('evidently'),
      rate(all)('sagemaker'),
    ];
  });
  const text = `# Labels: simulated rollouts

Made by \`nice -n 15 npm run bench:judge -- labels runs=${runs}\`, seed ${seed}; do not edit. ${hours} hours of a canary in ticks of an hour, 3,000
sticky users in 1,000 buckets, 4,000 answers an hour, labels final two hours after their tick, alpha ${policy.alpha * 100} %, margin 0, first look
at ${policy.minLabels.toLocaleString('en')} labels (bench/judge/labels/scenario.ts). A new salt in each run. Where no rollback is seen, the rate is below 3/n (95 %).

\`mlreg\`: % rolled back. \`held\`: % in which a look held, because labels came for unequal shares of the answers. \`Z test\`: a two-sided Z test
at 0.05 of all labels so far, at each hour, as Evidently does by default for up to 1,000 rows. \`threshold\`: an alarm where an hour's share of good
labels is below the champion's from 5,000 earlier labels, as a constraint of SageMaker Model Monitor that compares with a baseline.

## A challenger that is as good

${table(['', 'n', 'mlreg', 'held', 'Z test', 'threshold'], falseRows)}

## A challenger that is 5 points worse

\`median\`: hours until mlreg rolled back. \`fixed sample\`: hours that one test planned for this difference would need to find it in half of the
runs, with labels of independent users (a bound that no test with users as units reaches), and two hours until the labels are final.

${table(['', 'n', 'mlreg', 'median', 'fixed sample', 'Z test', 'threshold'], foundRows)}

## A shadow: two predictions for one label

${pairedRows(10 * runs)}

## Receipts

${forged(10_000)}
`;
  writeFileSync(join(root, 'bench/judge/labels/RESULTS.md'), text);
}

/** Pairs until the test of section 16.3 of the method finds a challenger that is worse, at alpha 1 %. */
function pairedRows(runs: number): string {
  const rows = [
    { wrong: 0.03, right: 0.03 },
    { wrong: 0.04, right: 0.02 },
    { wrong: 0.055, right: 0.005 },
    { wrong: 0.1, right: 0.05 },
  ].map(({ wrong, right }, cell) => {
    const difference = wrong - right;
    const design = {
      loss: 0.1,
      difference,
      discordance: wrong + right,
      alpha: policy.alpha,
      power: 0.8,
      labelsPerSecond: 1,
    };
    const all = Array.from({ length: runs }, (_, run) => pairedAt(wrong, right, [seed, 7_200 + cell, run]));
    const sorted = all.map((at) => at ?? Infinity).sort((a, b) => a - b);
    const at = (share: number): string =>
      (sorted[Math.floor(share * runs)] ?? Infinity).toLocaleString('en').replace('∞', '-');
    const found = `${((100 * all.filter((each) => each !== null).length) / runs).toFixed(1)} %`;
    const fixed = difference > 0 ? pairedNeeds(design).fixed.toLocaleString('en') : '-';
    return [`${percentOf1(wrong)} / ${percentOf1(right)}`, runs, found, at(0.5), at(0.8), fixed];
  });
  return `The first two figures: on which share of the answers the challenger alone, and the champion alone, is wrong. \`found\`: % of runs within
20,000 pairs. \`50 %\`, \`80 %\`: pairs after which so many runs had found it. \`fixed\`: pairs that a test of a fixed sample needs for 80 %.

${table(['alone wrong', 'n', 'found', '50 %', '80 %', 'fixed'], rows)}`;
}

const percentOf1 = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** Random texts, receipts of another key, and receipts with one bit changed. */
function forged(count: number): string {
  const keys = (digit: string) => receiptKeys.parse(digit.repeat(64), 'bench');
  const { seal, open } = createSeal({
    environment: 'prod',
    model: 'm',
    room: roomFor('r-00000000', ['v1.0.0']),
  });
  const content = {
    rollout: 'r-00000000',
    arm: 'champion',
    version: 'v1.0.0',
    bucket: 1,
    at: 1.8e12,
  } as const;
  let opened = 0;
  for (let i = 0; i < count; i++) {
    const real = Buffer.from(seal(keys('a'), content, randomBytes(12)), 'base64url');
    real[i % real.length]! ^= 1 << (i % 8);
    const texts = [
      real.toString('base64url'),
      seal(keys('b'), content, randomBytes(12)),
      randomBytes(real.length).toString('base64url'),
    ];
    opened += texts.filter((text) => open(keys('a'), text, 0).kind === 'opened').length;
  }
  return `Of ${(3 * count).toLocaleString('en')} forged receipts (random, of another key, one bit changed) ${opened} were opened.`;
}

const labelsPerHour = ({ labelled }: Scenario): number => 4_000 * labelled * (1 - Math.exp(-2 / 0.5));
const rate =
  (all: readonly Outcome[]) =>
  (rule: keyof Outcome): string =>
    `${((100 * all.filter((outcome) => outcome[rule] !== null).length) / all.length).toFixed(1)} %`;

function median(times: readonly (number | null)[]): string {
  const sorted = times.map((time) => time ?? Infinity).sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? Infinity;
  return middle === Infinity ? `over ${hours} h` : `${middle} h`;
}

function percentOf(share: number): string {
  return `${Math.round(share * 100)} %`;
}

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
