/** Where users send requests, and what in these names them: the function's variables and the API's route follow. */
export interface UserRequests {
  /** Begins with a slash. */
  readonly path: string;
  /** As MLREG_USER_KEY has it. */
  readonly userKey: string;
}

type Variables = Readonly<Record<string, string>>;

/** What the handler's bundle does by itself. */
export const usualRequests: UserRequests = { path: '/recommend', userKey: 'userId' };

/** Variables of a new function; none for what the bundle does by itself. */
export const variablesOf = ({ path, userKey }: UserRequests): Variables => ({
  ...(path === usualRequests.path ? {} : { MLREG_RECOMMEND_PATH: path }),
  ...(userKey === usualRequests.userKey ? {} : { MLREG_USER_KEY: userKey }),
});

/** What the variables of a function have to become; null where they fit. */
export function changedFor(variables: Variables, { path, userKey }: UserRequests): Variables | null {
  const { MLREG_RECOMMEND_PATH: isPath, MLREG_USER_KEY: isKey } = variables;
  const fits = (isPath ?? usualRequests.path) === path && (isKey ?? usualRequests.userKey) === userKey;
  return fits ? null : { ...variables, MLREG_RECOMMEND_PATH: path, MLREG_USER_KEY: userKey };
}
