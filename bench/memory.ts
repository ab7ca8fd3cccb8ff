import { closedLoop } from './closed-loop.ts';
import { table } from './machine.ts';
import { requestsOf, startProject } from './project.ts';
import { pause } from './stack.ts';

/** Resident set and heap, after a collection, of the daemon before and after traffic, and of a `deploy` that bakes. */
export async function memory(root: string): Promise<string> {
  const rows: string[][] = [];
  const project = await startProject(root, {
    strategies: { canary: { steps: [10], bake: '10m', tick: '1s' } },
  });
  const add = async (name: string, pid: number): Promise<void> => {
    const { rss, heapUsed, external } = await project.memoryOf(pid);
    rows.push([name, ...[rss, heapUsed, external].map((bytes) => (bytes / 2 ** 20).toFixed(0))]);
  };
  try {
    await add('daemon, one endpoint, idle', project.daemonPid);
    const port = Number(new URL(project.gatewayUrl).port);
    await closedLoop({ port, path: '/recommend', connections: 16, seconds: 15, bodies: requestsOf(root) });
    await add('daemon, after 15 s of all the traffic it can take', project.daemonPid);
    const deploy = project.start('deploy', '--model-version', 'v2.3.0');
    await pause(20_000);
    await add('mlreg deploy, some 10 s into its bake', deploy.pid ?? 0);
  } finally {
    await project.end();
  }
  return table(['process', 'RSS MB', 'heap MB', 'external MB'], rows);
}
