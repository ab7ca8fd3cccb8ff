#!/usr/bin/env node
// The SDK warns about Node 20 on stderr at each start; `mlreg doctor` is the place for that.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const { enableCompileCache } = await import('node:module');
enableCompileCache?.();
const { run } = await import('../dist/mlreg.js');
process.exitCode = await run(process.argv.slice(2));
