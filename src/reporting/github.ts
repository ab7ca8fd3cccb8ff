/**
 * What GitHub's runner understands, in lines of a log and in files: workflow commands, outputs, state, summaries.
 * docs.github.com, "Workflow commands for GitHub Actions"; the escapes are those of actions/toolkit.
 */

export type AnnotationLevel = 'notice' | 'warning' | 'error';

export const annotation = (level: AnnotationLevel, title: string, message: string): string =>
  `::${level} title=${property(title)}::${data(message)}`;

/** The lines that follow fold under this title, until `endGroup`. */
export const beginGroup = (title: string): string => `::group::${data(title)}`;
export const endGroup = '::endgroup::';

/** The runner hides the value in all that is logged from here on. */
export const mask = (secret: string): string => `::add-mask::${data(secret)}`;

const data = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/**
 * A name and its value as GITHUB_OUTPUT and GITHUB_STATE take them.
 * @param delimiter unguessable: whoever could write it into a value could set other outputs
 */
export function fileEntry(name: string, value: string, delimiter: string): string {
  if (name.includes(delimiter) || value.includes(delimiter))
    throw new Error(`the value of ${name} holds the delimiter`);
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}

/** Words that the runner takes for no command: it looks for `::` where a line begins, and for `##[` anywhere. */
export function speechless(text: string): string {
  return text.replaceAll('##[', '# #[').replaceAll(/^(\s*):(?=:)/gm, '$1: ');
}
