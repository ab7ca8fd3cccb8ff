/**
 * Rebuilds the nested input of AWS's query protocol from its flat form:
 * `Dimensions.member.1.Name=a` is `{Dimensions: [{Name: 'a'}]}`; maps come as lists of their entries.
 * All leaves are strings, as the protocol has no types.
 */
export function parseQueryForm(body: Uint8Array): Record<string, unknown> {
  const root = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of new URLSearchParams(Buffer.from(body).toString('utf8')))
    put(root, key.split('.'), value);
  return root;
}

type Node = Record<string, unknown>;

function put(root: Node, path: readonly string[], value: string): void {
  let node = root;
  for (let i = 0; i < path.length; i++) {
    const name = path[i] ?? '';
    const index = listIndex(path, i);
    if (index !== undefined) {
      const list = listOf(node, name, index);
      if (list === undefined) return;
      i += 2;
      if (i === path.length - 1) list[index] = value;
      else node = list[index] = isNode(list[index]) ? list[index] : (Object.create(null) as Node);
    } else if (i === path.length - 1) node[name] = value;
    else node = node[name] = isNode(node[name]) ? node[name] : (Object.create(null) as Node);
  }
}

/** The zero-based index where `path[at]` is followed by `member.N` or `entry.N`. */
function listIndex(path: readonly string[], at: number): number | undefined {
  const marker = path[at + 1];
  const number = path[at + 2];
  return (marker === 'member' || marker === 'entry') && number !== undefined && /^[1-9]\d{0,3}$/.test(number)
    ? Number(number) - 1
    : undefined;
}

/** A list may only grow by one at a time, so that a sparse index can't cost memory. */
function listOf(node: Node, name: string, index: number): unknown[] | undefined {
  const list = (node[name] = Array.isArray(node[name]) ? node[name] : []) as unknown[];
  return index <= list.length ? list : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
