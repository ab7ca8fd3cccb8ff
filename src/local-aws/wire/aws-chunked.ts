/**
 * Undoes S3's `aws-chunked` content encoding: `SIZE[;chunk-signature=...]\r\n DATA \r\n ... 0\r\n trailers`.
 * Signatures and trailing checksums are not checked.
 */
export function decodeAwsChunked(body: Uint8Array): Uint8Array {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) throw new Error('chunk header without end');
    const header = bytes.toString('latin1', at, end);
    const hex = /^[0-9a-fA-F]{1,8}(?=;|$)/.exec(header)?.[0];
    if (hex === undefined) throw new Error(`bad chunk header ${JSON.stringify(header)}`);
    const size = Number.parseInt(hex, 16);
    if (size === 0) return Buffer.concat(chunks);
    at = end + 2 + size;
    if (at + 2 > bytes.length) throw new Error('chunk ends early');
    chunks.push(bytes.subarray(end + 2, at));
    at += 2;
  }
}
