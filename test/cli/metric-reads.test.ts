import { expect, it } from 'vitest';
import { projectConfig, serving } from '../support/cli-world.ts';

// CloudWatch is paid by the reading: an owner that decides every second read 170 statistics each time.
it.each([
  ['10s', '2m', 10_000],
  ['10s', '20s', 5_000],
  ['1m', '20s', 5_000],
  ['1s', '0s', 1_000],
])('ticks of %s that settle in %s are read every %i ms at most', async (tick, settle, everyMs) => {
  const config = projectConfig
    .replace(/(canary: \{[^}]*bake: )\d+s, tick: 1s/, `$15m, tick: ${tick}`)
    .replace('settle: 1s', `settle: ${settle}`);
  const cli = await serving(config);
  const at: number[] = [];
  const { metrics } = cli.model.ports;
  const { read } = metrics;
  Object.assign(metrics, {
    read: (query: Parameters<typeof read>[0]) => {
      at.push(cli.clock.now());
      return read(query);
    },
  });
  expect((await cli.run('deploy --model-version v2.3.0')).code).toBe(0);
  const distinct = [...new Set(at)];
  const gaps = distinct.slice(1).map((one, index) => one - (distinct[index] ?? 0));
  expect(distinct.length).toBeGreaterThan(10);
  // Where the share has just changed, what is late at the share before is not asked for again.
  expect(gaps.filter((gap) => gap < everyMs)).toEqual([]);
});
