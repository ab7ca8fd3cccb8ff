import { AwsError } from '../wire/aws-error.ts';
import type { Answer, Call } from '../wire/messages.ts';
import { escapeXml } from '../wire/xml.ts';
import type { Account } from './account.ts';
import type { ObjectStore, ObjectSummary, StoredObject } from './objects.ts';
import { answer, page, type Operations } from './operation.ts';

/** Reads, writes and lists whole objects. No versions, no multipart uploads, no access control. */
export function s3Operations(account: Account, objects: ObjectStore): Operations {
  const find = async (call: Call): Promise<StoredObject> => {
    const { bucket, key } = checked(objects, call);
    const object = await objects.get(bucket, key);
    if (object !== undefined) return object;
    if ((await objects.list(bucket, '')) === undefined) throw noSuchBucket(bucket);
    throw new AwsError(
      call.operation === 'HeadObject' ? 'NotFound' : 'NoSuchKey',
      404,
      'The specified key does not exist.',
      {
        members: { Key: key },
      },
    );
  };
  return {
    async GetObject(call) {
      const object = await find(call);
      const range = rangeOf(call.headers['range'], object.bytes.length);
      if (range === undefined) return raw(200, headersOf(object), object.bytes);
      const headers = {
        ...headersOf(object),
        'content-length': String(range.end - range.start + 1),
        'content-range': `bytes ${range.start}-${range.end}/${object.bytes.length}`,
      };
      return raw(206, headers, object.bytes.subarray(range.start, range.end + 1));
    },
    async HeadObject(call) {
      return raw(200, headersOf(await find(call)), new Uint8Array());
    },
    async PutObject(call) {
      const { bucket, key } = checked(objects, call);
      const { etag } = await objects.put(
        bucket,
        key,
        call.payload,
        call.headers['content-type'],
        account.clock.now(),
      );
      return raw(200, { etag: `"${etag}"` }, new Uint8Array());
    },
    async HeadBucket(call) {
      const bucket = String(call.input['Bucket']);
      if ((await objects.list(bucket, '')) === undefined) throw new AwsError('NotFound', 404, 'Not Found');
      return answer();
    },
    async ListObjectsV2(call) {
      const bucket = String(call.input['Bucket']);
      const prefix = text(call.input['prefix']);
      const found = await objects.list(bucket, prefix);
      if (found === undefined) throw noSuchBucket(bucket);
      return listing(bucket, prefix, found, call.input);
    },
  };
}

function checked(objects: ObjectStore, call: Call): { bucket: string; key: string } {
  const bucket = String(call.input['Bucket']);
  const key = String(call.input['Key']);
  if (Buffer.byteLength(key) > 1024) throw new AwsError('KeyTooLongError', 400, 'Your key is too long');
  if (!objects.allows(bucket, key))
    throw new AwsError('InvalidURI', 400, "Couldn't parse the specified URI.");
  return { bucket, key };
}

function noSuchBucket(bucket: string): AwsError {
  return new AwsError('NoSuchBucket', 404, 'The specified bucket does not exist', {
    members: { BucketName: bucket },
  });
}

function headersOf({ bytes, etag, contentType, modifiedAt }: StoredObject): Record<string, string> {
  return {
    'content-type': contentType ?? 'binary/octet-stream',
    'content-length': String(bytes.length),
    etag: `"${etag}"`,
    'last-modified': new Date(modifiedAt).toUTCString(),
    'accept-ranges': 'bytes',
  };
}

/** One `bytes=a-b`, `bytes=a-` or `bytes=-n`; anything else is the whole object. */
function rangeOf(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (found === null || (found[1] === '' && found[2] === '')) return undefined;
  const start = found[1] === '' ? Math.max(size - Number(found[2]), 0) : Number(found[1]);
  const end = found[1] === '' || found[2] === '' ? size - 1 : Math.min(Number(found[2]), size - 1);
  if (start > end) throw new AwsError('InvalidRange', 416, 'The requested range is not satisfiable');
  return { start, end };
}

function listing(
  bucket: string,
  prefix: string,
  found: readonly ObjectSummary[],
  input: Readonly<Record<string, unknown>>,
): Answer {
  const delimiter = text(input['delimiter']);
  const encode =
    input['encoding-type'] === 'url'
      ? (key: string) => encodeURIComponent(key).replaceAll('%2F', '/')
      : escapeXml;
  const entries = new Map<string, string>();
  for (const object of found) {
    const cut = delimiter === '' ? -1 : object.key.indexOf(delimiter, prefix.length);
    const name = cut < 0 ? object.key : object.key.slice(0, cut + delimiter.length);
    entries.set(
      name,
      cut < 0
        ? contents(object, encode)
        : `<CommonPrefixes><Prefix>${encode(name)}</Prefix></CommonPrefixes>`,
    );
  }
  const limit = Math.min(Number(text(input['max-keys']) || '1000'), 1000);
  const startAfter = text(input['start-after']);
  const names = [...entries.keys()].filter((name) => startAfter === '' || name > startAfter);
  const { items, next } = page(names, text(input['continuation-token']), limit);
  const xml =
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
    `<Name>${escapeXml(bucket)}</Name><Prefix>${encode(prefix)}</Prefix><KeyCount>${items.length}</KeyCount>` +
    `<MaxKeys>${limit}</MaxKeys>${delimiter === '' ? '' : `<Delimiter>${encode(delimiter)}</Delimiter>`}` +
    (input['encoding-type'] === 'url' ? '<EncodingType>url</EncodingType>' : '') +
    `<IsTruncated>${next !== undefined}</IsTruncated>` +
    (next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`) +
    `${items.map((name) => entries.get(name) ?? '').join('')}</ListBucketResult>`;
  return raw(200, { 'content-type': 'application/xml' }, Buffer.from(xml));
}

function contents({ key, size, etag, modifiedAt }: ObjectSummary, encode: (key: string) => string): string {
  return (
    `<Contents><Key>${encode(key)}</Key><LastModified>${new Date(modifiedAt).toISOString()}</LastModified>` +
    `<ETag>&quot;${etag}&quot;</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function raw(status: number, headers: Readonly<Record<string, string>>, body: Uint8Array): Answer {
  return { kind: 'raw', status, headers, body };
}
