/** What an answer must hold to count as one. The router counts by it; what callers get is the same with and without. */
export interface AnswerContract {
  /**
   * `asked`: answers must be JSON, but for requests that accept other types alone, for the champion's answers were JSON.
   * `seen`: the same, but of the challenger's answers alone, and only while each router process has seen nothing but JSON of
   * the champion: nobody knew before. `always`: without exception. Absent: any body will do.
   */
  readonly json?: 'asked' | 'seen' | 'always';
  /** The media type, in small letters and without parameters. */
  readonly contentType?: string;
  /** What must stand where, by JSON pointer (RFC 6901). */
  readonly members?: Readonly<Record<string, MemberType>>;
  /** An answer that has something there says that it failed: JSON pointers. Null, false and empty text are nothing. */
  readonly errors?: readonly string[];
  readonly maxBytes?: number;
}

export const memberTypes = ['string', 'number', 'boolean', 'array', 'object', 'any'] as const;
/** `any` is anything but null. */
export type MemberType = (typeof memberTypes)[number];

/** RFC 6901, at least one member deep. */
export const pointerPattern = /^(?:\/(?:[^~/\0]|~[01]){0,64}){1,10}$/;

/** Lambda returns no more of an answer. */
export const mostAnswerBytes = 6 * 1024 * 1024;
