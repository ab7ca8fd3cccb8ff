/** Names of tables. Both are the same where a table was deleted and restored under its own name. */
export interface Elsewhere {
  readonly from: string;
  readonly here: string;
}

/** A table keeps its id for its life, and a restored one gets an id of its own. Source: DynamoDB's DescribeTable, `TableId`. */
export function elsewhereOf(recorded: string | undefined, asked: string | undefined): Elsewhere | undefined {
  if (recorded === undefined || asked === undefined) return undefined;
  const [from, here] = [nameAndId(recorded), nameAndId(asked)];
  return from.id === here.id ? undefined : { from: from.name, here: here.name };
}

/** Both are written `NAME/ID`; neither has a slash. */
const nameAndId = (table: string): { readonly name: string; readonly id: string } => {
  const slash = table.lastIndexOf('/');
  return { name: table.slice(0, slash), id: table.slice(slash + 1) };
};

/** What a person is told of such a table, which nothing goes forward from. */
export const restoredTable = (elsewhere: Elsewhere, environment?: string) => ({
  what: `table ${elsewhere.here} was restored from table ${elsewhere.from}`,
  why: 'it says what was true at the moment of its backup, and whatever uses the other table may still move users',
  mend: `mlreg restore --table ${elsewhere.here} --supersedes ${elsewhere.from}${environment === undefined ? '' : ` --environment ${environment}`}  # shows what differs; --apply takes it into use`,
});
