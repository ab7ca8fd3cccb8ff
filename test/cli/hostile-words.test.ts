import { describe, expect, it } from 'vitest';
import { PlatformError } from '../../src/ports/platform.ts';
import { baking, serving } from '../support/cli-world.ts';

/** Clears the screen, renames the window, and speaks to a CI runner at the beginning of a line. */
const evil = 'odd\n::error::owned\r\n##[set-output]x\u001b[2J\u001b]0;owned\u0007\u009b1mend';
const controls = /(?!\u001b\[[\d;]*m)[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
const command = /^\s*(::|##\[)/m;

function expectHarmless(text: string): void {
  expect(text).not.toMatch(controls);
  expect(text).not.toMatch(command);
}

describe('words that would speak to a terminal or to a CI runner', () => {
  it('in a reason and in a name are one harmless line, in every output and in the journal', async () => {
    const cli = await serving();
    let aborted: Promise<{ stdout: string; stderr: string }> | undefined;
    cli.when(baking(10), () => {
      aborted = cli.run(`abort --reason "${evil}"`, { as: `bob${evil}` });
    });
    const end = await cli.run(`deploy --model-version v2.3.0 --reason "${evil}"`, { as: `ana${evil}` });
    const outputs = [end, await aborted];
    for (const words of ['history', 'show r-1', 'status', 'show r-1 -o ndjson', 'versions'])
      outputs.push(await cli.run(words));
    for (const output of outputs) expectHarmless(`${output?.stdout}${output?.stderr}`);
    expect(outputs[2]?.stdout).toContain('odd ::error::owned');
    expect(JSON.stringify(await cli.store.journal((await cli.store.rollouts())[0]!))).not.toMatch(
      /\\n|\\u00/,
    );
  });

  it('in what was typed', async () => {
    const cli = await serving();
    for (const words of [
      `deploy --model-version "${evil}"`,
      `"${evil}"`,
      `show "${evil}"`,
      `status "--${evil}"`,
    ]) {
      const { stdout, stderr } = await cli.run(words);
      expect(`${stdout}${stderr}`).not.toMatch(controls);
    }
  });

  it('in what AWS says', async () => {
    const cli = await serving();
    cli.identity = () =>
      Promise.reject(new PlatformError({ kind: 'denied', action: 'sts:GetCallerIdentity', message: evil }));
    const { stdout, stderr } = await cli.run('doctor');
    expect(`${stdout}${stderr}`).not.toMatch(controls);
  });
});
