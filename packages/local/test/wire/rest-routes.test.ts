import { describe, expect, it } from 'vitest';
import { type ApiName, apiModel } from '../../src/wire/api-models.ts';
import { findRoute, segmentsOf } from '../../src/wire/rest-routes.ts';

/** The operation of a request; of S3's paths, the first segment is the bucket and the rest the key. */
async function operationFor(api: ApiName, request: string, headers: Record<string, string> = {}) {
  const [method = '', target = ''] = request.split(' ');
  const [path = '', search] = target.split('?');
  const all = segmentsOf(path);
  const [bucket, ...key] = all;
  const s3 = { segments: key.length > 0 ? [key.join('/')] : [], outerLabels: bucket === undefined ? 0 : 1 };
  const query = new URLSearchParams(search);
  const found = findRoute(await apiModel(api), {
    ...(api === 's3' ? s3 : { segments: all }),
    method,
    query,
    headers,
  });
  return found?.operation.name;
}

describe('the operation of an S3 request', () => {
  it.each([
    ['GET /', 'ListBuckets'],
    ['GET /?x-id=ListDirectoryBuckets', 'ListDirectoryBuckets'],
    ['GET /b', 'ListObjects'],
    ['GET /b/?prefix=a&delimiter=/', 'ListObjects'],
    ['GET /b?list-type=2&start-after=x', 'ListObjectsV2'],
    ['GET /b?acl', 'GetBucketAcl'],
    ['GET /b?analytics', 'ListBucketAnalyticsConfigurations'],
    ['GET /b?analytics&id=1', 'GetBucketAnalyticsConfiguration'],
    ['GET /b?unknown', 'ListObjects'],
    ['PUT /b', 'CreateBucket'],
    ['POST /b?delete', 'DeleteObjects'],
    ['POST /b', undefined],
    ['GET /b/k', 'GetObject'],
    ['GET /b/k?partNumber=1&X-Amz-Signature=0&x-id=GetObject', 'GetObject'],
    ['GET /b/k?uploadId=u', 'ListParts'],
    ['GET /b/k?uploadId=u&partNumber=1', 'ListParts'],
    ['GET /b/k?attributes', 'GetObjectAttributes'],
    ['PUT /b/k', 'PutObject'],
    ['PUT /b/k?partNumber=1&uploadId=u', 'UploadPart'],
    ['PUT /b/k?uploadId=u', 'UploadPart'],
    ['POST /b/k?uploads', 'CreateMultipartUpload'],
    ['POST /b/k?uploadId=u', 'CompleteMultipartUpload'],
    ['DELETE /b/k?uploadId=u', 'AbortMultipartUpload'],
    ['DELETE /b/k?versionId=v', 'DeleteObject'],
    ['PATCH /b/k', undefined],
    // Subresources that these methods do not have: nothing else is deleted or written instead.
    ['DELETE /b?acl', undefined],
    ['DELETE /b?versioning', undefined],
    ['DELETE /b/k?acl', undefined],
    ['DELETE /b/k?uploads', undefined],
    ['PUT /b?uploads', undefined],
    ['PUT /b/k?attributes', undefined],
    ['DELETE /b/k?tagging&versionId=v', 'DeleteObjectTagging'],
    ['DELETE /b?unknown', 'DeleteBucket'],
  ])('%s is %s', async (request, operation) => {
    expect(await operationFor('s3', request)).toBe(operation);
  });

  it.each([
    ['PUT /b/k', 'CopyObject'],
    ['PUT /b/k?partNumber=1&uploadId=u', 'UploadPartCopy'],
  ])('%s with a copy source is %s', async (request, operation) => {
    expect(await operationFor('s3', request, { 'x-amz-copy-source': 'b/k' })).toBe(operation);
  });
});

describe('the operation of a Lambda request', () => {
  it.each([
    ['GET /2015-03-31/functions/', 'ListFunctions'],
    ['GET /2015-03-31/functions/f', 'GetFunction'],
    ['POST /2015-03-31/functions/f/invocations', 'Invoke'],
    ['GET /2015-03-31/event-source-mappings', 'ListEventSourceMappings'],
    ['GET /2099-01-01/functions', undefined],
  ])('%s is %s', async (request, operation) => {
    expect(await operationFor('lambda', request)).toBe(operation);
  });
});
