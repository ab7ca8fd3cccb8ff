import { expect, it } from 'vitest';
import { promoted } from '../support/recovered.ts';

const blueGreen = 'deploy --model-version v2.9.0 --strategy blue-green';

it('an order without the store that stands on the second alias alone is told, and repaired by what it names', async () => {
  const cli = await promoted();
  const { target, stamp } = cli.model.alias('green');
  if (stamp?.detail === undefined) throw new Error('alias green carries no marker');
  cli.model.makeAlias('green', target, {
    ...stamp,
    seq: 0,
    back: target.functionVersion,
    detail: { ...stamp.detail, purpose: 'blind', writer: '0badcafe', target: target.functionVersion },
  });
  await cli.register('v2.9.0');
  const codes: number[] = [];
  for (const words of ['doctor', blueGreen, 'resume', 'gc', 'doctor', blueGreen])
    codes.push((await cli.run(words)).code);
  expect(codes).toEqual([1, 5, 0, 0, 0, 0]);
  expect(await cli.ask('status')).toMatchObject({ champion: 'v2.9.0', rollout: null });
  expect((await cli.ask('status')).marker).toBeUndefined();
});
