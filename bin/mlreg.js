#!/usr/bin/env node
// The SDK warns about Node 20 on stderr at each start; `mlreg doctor` is the place for that.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const { enableCompileCache } = await import('node:module');
enableCompileCache?.();
const program = await import('../dist/mlreg.js').catch((error) => {
  const { existsSync } = process.getBuiltinModule('node:fs');
  const dist = new URL('../dist/mlreg.js', import.meta.url);
  if (existsSync(dist)) throw error;
  console.error(`error: mlreg is not built: ${decodeURIComponent(dist.pathname)} is missing
  try: npm run build    in a clone of its repository, after npm ci
       npm install mlreg    where it is installed as a package`);
  process.exit(1);
});
process.exitCode = await program.run(process.argv.slice(2));
