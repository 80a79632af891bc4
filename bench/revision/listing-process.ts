/*
 * Lists as many objects as the prefix says (`<n>/`), 1,000 a page, as S3 does.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const pageSize = 1000;
let calls = 0;

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://s3');
  calls += 1;
  const prefix = searchParams.get('prefix') ?? '';
  const total = Number.parseInt(prefix, 10);
  const from = Number(searchParams.get('continuation-token') ?? 0);
  const to = Math.min(total, from + pageSize);
  let contents = '';
  for (let at = from; at < to; at++) {
    contents +=
      `<Contents><Key>${prefix}part-${String(at).padStart(8, '0')}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>` +
      `<ETag>&quot;${at.toString(16).padStart(32, '0')}&quot;</ETag><Size>${at}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
  }
  const next = to < total ? `<NextContinuationToken>${to}</NextContinuationToken>` : '';
  const body =
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bench</Name>` +
    `<KeyCount>${to - from}</KeyCount><IsTruncated>${to < total}</IsTruncated>${next}${contents}</ListBucketResult>`;
  response.writeHead(200, { 'content-type': 'application/xml', 'x-bench-calls': calls }).end(body);
});
server.listen(0, '127.0.0.1', () => {
  process.send!({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.once('disconnect', () => process.exit(0));
