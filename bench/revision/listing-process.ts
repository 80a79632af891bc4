/*
 * Lists as many objects as the prefix says (`<n>/`), 1,000 a page, as S3 does.
 */
import { createServer } from 'node:http';
import { serveParent } from '../support/serve.ts';

const PAGE_SIZE = 1000;
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
let calls = 0;

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://s3');
  calls += 1;
  const prefix = searchParams.get('prefix') ?? '';
  const total = Number.parseInt(prefix, 10);
  const after = /\d+$/.exec(searchParams.get('start-after') ?? '')?.[0];
  const from = after === undefined ? 0 : Number(after) + 1;
  const to = Math.min(total, from + PAGE_SIZE);
  let contents = '';
  for (let at = from; at < to; at++) {
    contents += entry(`${prefix}part-${String(at).padStart(8, '0')}`, at);
  }
  const body =
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="${NAMESPACE}"><Name>bench</Name>` +
    `<KeyCount>${to - from}</KeyCount><IsTruncated>${to < total}</IsTruncated>${contents}</ListBucketResult>`;
  response.writeHead(200, { 'content-type': 'application/xml', 'x-bench-calls': calls }).end(body);
});
serveParent(server);

function entry(key: string, size: number): string {
  const etag = `&quot;${size.toString(16).padStart(32, '0')}&quot;`;
  const dated = '<LastModified>2026-01-01T00:00:00.000Z</LastModified>';
  return (
    `<Contents><Key>${key}</Key>${dated}<ETag>${etag}</ETag><Size>${size}</Size>` +
    '<StorageClass>STANDARD</StorageClass></Contents>'
  );
}
