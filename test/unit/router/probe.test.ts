import { expect, it } from 'vitest';
import { rig, stickyEnv, weightedEnv } from './harness.ts';

it.each([
  ['sticky', stickyEnv],
  ['weighted', weightedEnv],
])('a tagged request counts as Probe and as nothing else (%s)', async (_routing, env) => {
  const { handler, lines, calls, warmed } = rig({ env });
  expect(await handler({ mlreg: 'probe' })).toEqual({
    probed: { at: 1_790_000_000_000, version: 'v2.2.0' },
  });
  expect(lines).toHaveLength(1);
  const printed = JSON.parse(lines[0] ?? '') as Record<string, unknown> & {
    _aws: { CloudWatchMetrics: { Metrics: { Name: string }[] }[] };
  };
  expect(printed).toMatchObject({ Probe: 1, ModelVersion: 'v2.2.0' });
  expect(printed._aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name))).toEqual([
    'Probe',
  ]);
  expect([calls.length, warmed()]).toEqual([0, 0]);
});
