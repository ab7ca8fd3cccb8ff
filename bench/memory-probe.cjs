// Loaded into a process before its program: at SIGUSR2 collects garbage and writes its memory into the directory that
// MLREG_BENCH_MEMORY names, as PID.json.
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { renameSync, writeFileSync } = require('node:fs');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
process.on('SIGUSR2', () => {
  collect();
  collect();
  const file = `${process.env.MLREG_BENCH_MEMORY}/${process.pid}.json`;
  writeFileSync(`${file}.new`, JSON.stringify(process.memoryUsage()));
  renameSync(`${file}.new`, file);
});
