import { spawnSync } from 'node:child_process';

/** Whether this machine has Python. Tests that need it are skipped elsewhere, and that is said. */
export const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.warn('SKIPPED: tests of model servers in Python, for there is no python3 in PATH');
