import { describe, expect, it } from 'vitest';
import { type CliWorld, serving } from '../support/cli-world.ts';

const clock = "this machine's clock is 32s behind AWS's; mlreg goes by AWS's";
const refused = 'CloudWatch does not give Latency TC(:5) and 3 more: what depends on it is not judged';

/** Every reading has these notes. */
function noting(cli: CliWorld, ...notes: readonly string[]): void {
  const { metrics } = cli.model.ports;
  const read = metrics.read.bind(metrics);
  Object.assign(metrics, {
    read: async (query: Parameters<typeof read>[0]) => ({ ...(await read(query)), notes }),
  });
}

const times = (text: string, part: string): number => text.split(part).length - 1;

describe('notes on how the metrics were read', () => {
  it('are told once each by a running rollout, and stand in show', async () => {
    const cli = await serving();
    noting(cli, clock, refused);
    const { code, stderr } = await cli.run('deploy --model-version v2.3.0');
    expect(code).toBe(0);
    expect(stderr).toMatch(/metrics\.note {4}/);
    expect(times(stderr, `| ${clock}; ${refused}`)).toBe(1);
    expect(times(stderr, clock) - times(stderr, `notes="${clock}`)).toBe(1);
    const { stdout } = await cli.run('show r-1');
    expect(stdout).toContain(`how the metrics were read\n  ${clock}\n  ${refused}`);
    expect(await cli.ask('show r-1')).toMatchObject({ notes: [clock, refused] });
  });

  it('stand in status of a running rollout', async () => {
    const cli = await serving();
    noting(cli, clock);
    expect((await cli.run('deploy --model-version v2.3.0 --bake 5m --timeout 30s')).code).toBe(6);
    expect((await cli.run('status')).stdout).toContain(`metrics   ${clock}`);
    expect(await cli.ask('status')).toMatchObject({ rollout: { notes: [clock] } });
  });

  it('are told by watch', async () => {
    const cli = await serving();
    noting(cli, clock);
    const { stderr } = await cli.run('watch --duration 10s');
    expect(times(stderr, `| ${clock}`)).toBe(1);
  });

  it('are told by doctor', async () => {
    const cli = await serving();
    noting(cli, clock, refused);
    const { stdout } = await cli.run('doctor');
    expect(stdout).toContain(clock);
    expect(stdout).toContain(refused);
  });
});
