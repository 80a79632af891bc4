import type { IncomingMessage } from 'node:http';
import { notImplemented, S3Error } from '../errors.ts';
import type { Address } from './address.ts';
import * as shapes from './shapes.ts';
import type { Shape } from './xml-shape.ts';

/** The wire format of an operation. */
export interface Route {
  readonly operation: string;
  /** HTTP status of success. @default 200, or 206 for a range */
  readonly status?: number;
  /** The body of the request. `stream`: an upload. `text`: the member of a document that is not XML. */
  readonly request?: 'stream' | XmlBody | { readonly text: string };
  /** The body of the response. `stream`: the object. `text`: the member of a document that is not XML. */
  readonly response?: 'stream' | XmlBody | { readonly text: string };
}

/** An XML document that is a whole input or output, or one member of it. */
interface XmlBody {
  readonly root: string;
  readonly shape: Shape;
  readonly member?: string;
  /** An empty request body counts as absent. */
  readonly optional?: true;
}

const xml = (root: string, shape: Shape, member?: string): XmlBody => ({
  root,
  shape,
  ...(member === undefined ? {} : { member }),
});

/** PUT, GET and DELETE of a bucket's configuration. */
function configuration(
  parameter: string,
  [put, get, remove]: readonly [string, string, string?],
  body: { request: XmlBody; response: XmlBody },
): Record<string, Route> {
  return {
    [`PUT bucket ${parameter}`]: { operation: put, request: body.request },
    [`GET bucket ${parameter}`]: { operation: get, response: body.response },
    ...(remove === undefined ? {} : { [`DELETE bucket ${parameter}`]: { operation: remove, status: 204 } }),
  };
}

const both = (root: string, shape: Shape, putMember: string, getMember?: string) => ({
  request: xml(root, shape, putMember),
  response: xml(root, shape, getMember),
});

/** By method, kind of resource, and the query parameters (in this order) that select the operation. */
const ROUTES: Readonly<Record<string, Route>> = {
  'GET service': { operation: 'ListBuckets', response: xml('ListAllMyBucketsResult', shapes.listBuckets) },

  'PUT bucket': {
    operation: 'CreateBucket',
    request: { ...xml('CreateBucketConfiguration', shapes.createBucket, 'CreateBucketConfiguration'), optional: true },
  },
  'DELETE bucket': { operation: 'DeleteBucket', status: 204 },
  'HEAD bucket': { operation: 'HeadBucket' },
  'GET bucket': { operation: 'ListObjects', response: xml('ListBucketResult', shapes.listObjects) },
  'GET bucket list-type': { operation: 'ListObjectsV2', response: xml('ListBucketResult', shapes.listObjectsV2) },
  'GET bucket versions': {
    operation: 'ListObjectVersions',
    response: xml('ListVersionsResult', shapes.listObjectVersions),
  },
  'GET bucket uploads': {
    operation: 'ListMultipartUploads',
    response: xml('ListMultipartUploadsResult', shapes.listMultipartUploads),
  },
  'GET bucket location': { operation: 'GetBucketLocation', response: { text: 'LocationConstraint' } },
  'POST bucket delete': {
    operation: 'DeleteObjects',
    request: xml('Delete', shapes.deleteRequest, 'Delete'),
    response: xml('DeleteResult', shapes.deleteResult),
  },
  'PUT bucket policy': { operation: 'PutBucketPolicy', status: 204, request: { text: 'Policy' } },
  'GET bucket policy': { operation: 'GetBucketPolicy', response: { text: 'Policy' } },
  'DELETE bucket policy': { operation: 'DeleteBucketPolicy', status: 204 },
  ...configuration(
    'versioning',
    ['PutBucketVersioning', 'GetBucketVersioning'],
    both('VersioningConfiguration', shapes.versioning, 'VersioningConfiguration'),
  ),
  ...configuration(
    'notification',
    ['PutBucketNotificationConfiguration', 'GetBucketNotificationConfiguration'],
    both('NotificationConfiguration', shapes.notification, 'NotificationConfiguration'),
  ),
  ...configuration(
    'encryption',
    ['PutBucketEncryption', 'GetBucketEncryption', 'DeleteBucketEncryption'],
    both(
      'ServerSideEncryptionConfiguration',
      shapes.encryption,
      'ServerSideEncryptionConfiguration',
      'ServerSideEncryptionConfiguration',
    ),
  ),
  ...configuration(
    'publicAccessBlock',
    ['PutPublicAccessBlock', 'GetPublicAccessBlock', 'DeletePublicAccessBlock'],
    both(
      'PublicAccessBlockConfiguration',
      shapes.publicAccessBlock,
      'PublicAccessBlockConfiguration',
      'PublicAccessBlockConfiguration',
    ),
  ),
  ...configuration(
    'ownershipControls',
    ['PutBucketOwnershipControls', 'GetBucketOwnershipControls', 'DeleteBucketOwnershipControls'],
    both('OwnershipControls', shapes.ownershipControls, 'OwnershipControls', 'OwnershipControls'),
  ),
  ...configuration(
    'lifecycle',
    ['PutBucketLifecycleConfiguration', 'GetBucketLifecycleConfiguration', 'DeleteBucketLifecycle'],
    both('LifecycleConfiguration', shapes.lifecycle, 'LifecycleConfiguration'),
  ),
  ...configuration(
    'cors',
    ['PutBucketCors', 'GetBucketCors', 'DeleteBucketCors'],
    both('CORSConfiguration', shapes.cors, 'CORSConfiguration'),
  ),
  ...configuration(
    'tagging',
    ['PutBucketTagging', 'GetBucketTagging', 'DeleteBucketTagging'],
    both('Tagging', shapes.tagging, 'Tagging'),
  ),

  'HEAD object': { operation: 'HeadObject' },
  'GET object': { operation: 'GetObject', response: 'stream' },
  'PUT object': { operation: 'PutObject', request: 'stream' },
  'PUT object x-amz-copy-source': {
    operation: 'CopyObject',
    response: xml('CopyObjectResult', shapes.copyResult, 'CopyObjectResult'),
  },
  'DELETE object': { operation: 'DeleteObject', status: 204 },
  'GET object attributes': {
    operation: 'GetObjectAttributes',
    response: xml('GetObjectAttributesResponse', shapes.objectAttributes),
  },
  'PUT object tagging': { operation: 'PutObjectTagging', request: xml('Tagging', shapes.tagging, 'Tagging') },
  'GET object tagging': { operation: 'GetObjectTagging', response: xml('Tagging', shapes.tagging) },
  'DELETE object tagging': { operation: 'DeleteObjectTagging', status: 204 },
  'POST object uploads': {
    operation: 'CreateMultipartUpload',
    response: xml('InitiateMultipartUploadResult', shapes.createMultipartUpload),
  },
  'PUT object uploadId': { operation: 'UploadPart', request: 'stream' },
  'PUT object uploadId x-amz-copy-source': {
    operation: 'UploadPartCopy',
    response: xml('CopyPartResult', shapes.copyResult, 'CopyPartResult'),
  },
  'POST object uploadId': {
    operation: 'CompleteMultipartUpload',
    request: xml('CompleteMultipartUpload', shapes.completeMultipartUploadRequest, 'MultipartUpload'),
    response: xml('CompleteMultipartUploadResult', shapes.completeMultipartUpload),
  },
  'GET object uploadId': { operation: 'ListParts', response: xml('ListPartsResult', shapes.listParts) },
  'DELETE object uploadId': { operation: 'AbortMultipartUpload', status: 204 },
};

/** The query parameters that select an operation, whether simulated or not. */
const SUBRESOURCES = [
  'list-type',
  'versions',
  'uploads',
  'uploadId',
  'location',
  'delete',
  'policy',
  'versioning',
  'notification',
  'encryption',
  'publicAccessBlock',
  'ownershipControls',
  'lifecycle',
  'cors',
  'tagging',
  'attributes',
  'abac',
  'accelerate',
  'acl',
  'analytics',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'logging',
  'metadataConfiguration',
  'metadataInventoryTable',
  'metadataJournalTable',
  'metadataTable',
  'metrics',
  'object-lock',
  'policyStatus',
  'renameObject',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'session',
  'torrent',
  'website',
];

/** Throws NotImplemented, naming a sub-resource that is not simulated, or MethodNotAllowed. */
export function findRoute({ method = 'GET', headers }: IncomingMessage, { bucket, key, query }: Address): Route {
  const addressed = bucket === undefined ? 'service' : key === undefined ? 'bucket' : 'object';
  const named = bucket === undefined ? [] : SUBRESOURCES.filter((name) => query.has(name));
  const isCopy = method === 'PUT' && headers['x-amz-copy-source'] !== undefined;
  const route = ROUTES[[method, addressed, ...named, ...(isCopy ? ['x-amz-copy-source'] : [])].join(' ')];
  if (route) return route;
  if (named.length > 0) throw notImplemented(`${method} of the sub-resource "${named.join('", "')}" of ${addressed}s`);
  if (method === 'POST') throw notImplemented('uploads by HTML form (POST Object)');
  throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405, {
    Method: method,
    ResourceType: addressed.toUpperCase(),
  });
}
