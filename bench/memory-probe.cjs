// Loaded into a process before its program: tells its memory when asked over the channel.
process.on('message', (message) => {
  if (message !== 'memory') return;
  globalThis.gc?.();
  process.send({ kind: 'memory', ...process.memoryUsage() });
});
process.channel?.unref();
