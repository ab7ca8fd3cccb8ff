/** Some causes of a rollback are told as one already: "rolled back while the store was out of reach". */
const told = /^rolled back\b/;

/** `rolled back: <cause>`, which says it once. */
export const rolledBack = (cause: string, joint: ', ' | ': ' = ': '): string =>
  told.test(cause) ? cause : `rolled back${joint}${cause}`;

/** The same while it goes on. */
export const rollingBack = (cause: string): string =>
  `rolling back: ${cause.replace(told, 'users were brought back')}`;
