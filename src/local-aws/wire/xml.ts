/**
 * Writes `value` as the content of one XML element, in the query protocol's way: lists as repeated `member` elements,
 * a `Map` as `entry` elements of `key` and `value`.
 */
export function xmlContent(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map((each) => `<member>${xmlContent(each)}</member>`).join('');
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<unknown, unknown>)];
    return entries.map(([key, each]) => `<entry>${xmlContent({ key, value: each })}</entry>`).join('');
  }
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (isRecord(value)) {
    return Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([name, each]) => `<${name}>${xmlContent(each)}</${name}>`)
      .join('');
  }
  return escapeXml(typeof value === 'string' ? value : JSON.stringify(value));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object';
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r]/g, (found) => replacements[found] ?? found);
}

const replacements: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#13;',
};
