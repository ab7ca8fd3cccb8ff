/** Writes `value` as the content of one XML element, lists as repeated `member` elements (the query protocol's way). */
export function xmlContent(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map((each) => `<member>${xmlContent(each)}</member>`).join('');
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'object') {
    return Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([name, each]) => `<${name}>${xmlContent(each)}</${name}>`)
      .join('');
  }
  return escapeXml(String(value as string | number | boolean));
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
