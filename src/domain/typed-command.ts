/**
 * How a person who reads a hint has to type mlreg: decided once, by the path that the process was started as. A program in
 * `node_modules/.bin` is on nobody's PATH; a global one is.
 * @param script of the process, as it was named
 * @param agent npm_config_user_agent: `pnpm/9.1.0 npm/? node/v20.20.2 linux x64`
 */
export function typedAs(script: string, agent = ''): string {
  if (!/[\\/]node_modules[\\/]\.bin[\\/]/.test(script)) return 'mlreg';
  if (agent.startsWith('pnpm/')) return 'pnpm exec mlreg';
  if (agent.startsWith('yarn/')) return 'yarn mlreg';
  return agent.startsWith('bun/') ? 'bunx mlreg' : 'npx mlreg';
}

/** A command at the begin of a line, or behind what introduces one: `try`, `next`, `then:`, `with:`, a backtick. */
const command =
  /(^ *|^.{0,12}\b(?:try|next|choose|undo|more):? +|(?:\b(?:next|try|then|with|choose): |`))mlreg(?= [a-z-])/gm;

/** Every hint in a text as it has to be typed here. Other words, and names that only begin so, stay. */
export const withTyped = (text: string, as: string): string =>
  as === 'mlreg' ? text : text.replaceAll(command, (_found, before: string) => `${before}${as}`);
