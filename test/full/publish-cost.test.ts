import { expect, test } from 'vitest';
import { type Stack, stack } from '../contract/aws/stack.ts';

const publish = async ({ platform }: Stack, name: string) => {
  const codeSha256 = await platform.codeSha256();
  const variables = { MLREG_ROUTE: JSON.stringify({ version: name }) };
  return platform.publish({ variables, codeSha256, description: `mlreg r-abc single ${name}` });
};

test('publishing takes as many calls after 500 versions as after two', async () => {
  const made = await stack();
  await publish(made, 'v2');
  made.asked.length = 0;
  await publish(made, 'v3');
  const few = made.asked.length;
  for (let i = 0; i < 500; i++) await publish(made, `v4.${i}`);
  made.asked.length = 0;
  await publish(made, 'v5');
  expect(made.asked.length).toBe(few);
  expect(await made.platform.publishedVersions()).toHaveLength(504);
});
