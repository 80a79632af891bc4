import type {
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
  ListPartsCommandInput,
  ListPartsCommandOutput,
  MultipartUpload,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../core/cloud.ts';
import { page } from '../../core/page.ts';
import type { Bucket, Upload, UploadedPart } from '../model.ts';
import { type Owner, ownerOf } from '../owner.ts';
import { SortedMap } from '../sorted-map.ts';
import type { S3State } from '../state.ts';
import { checksumSettings, findUpload, partChecksum } from './multipart.ts';
import type { SdkOutput } from './output.ts';
import {
  flatten,
  keyEncoder,
  type ListedEntry,
  type Listing,
  limitOf,
  nameOf,
  prefixesOf,
  valuesOf,
  walk,
} from './paging.ts';

/** ListParts and ListMultipartUploads. */
export function uploadListingOperations(state: S3State): Record<string, Operation> {
  const owner = ownerOf(state.deps.account);
  return {
    ListParts: {
      run(input: ListPartsCommandInput): SdkOutput<ListPartsCommandOutput> {
        return listParts(findUpload(state, input), input, owner);
      },
    },
    ListMultipartUploads: {
      run(input: ListMultipartUploadsCommandInput): SdkOutput<ListMultipartUploadsCommandOutput> {
        return listUploads(state.bucket(input.Bucket), input, owner);
      },
    },
  };
}

function listParts(upload: Upload, input: ListPartsCommandInput, owner: Owner): SdkOutput<ListPartsCommandOutput> {
  const after = Number(input.PartNumberMarker ?? 0);
  const limit = limitOf('maxParts', input.MaxParts);
  const sorted = [...upload.parts.values()].filter(({ number }) => number > after).sort((a, b) => a.number - b.number);
  const { items, next } = page(sorted, limit);
  return {
    Bucket: input.Bucket,
    Key: upload.key,
    UploadId: upload.id,
    PartNumberMarker: String(after),
    NextPartNumberMarker: String(items.at(-1)?.number ?? after),
    MaxParts: limit,
    IsTruncated: next !== undefined,
    Parts: items.map((part) => describePart(upload, part)),
    Initiator: owner,
    Owner: owner,
    StorageClass: upload.headers.StorageClass as ListPartsCommandOutput['StorageClass'],
    ...checksumSettings(upload),
  };
}

function describePart(upload: Upload, part: UploadedPart) {
  return {
    PartNumber: part.number,
    LastModified: new Date(part.lastModified),
    ETag: `"${part.etag}"`,
    Size: part.size,
    ...partChecksum(upload, part),
  };
}

function listUploads(
  bucket: Bucket,
  input: ListMultipartUploadsCommandInput,
  owner: Owner,
): SdkOutput<ListMultipartUploadsCommandOutput> {
  const encode = keyEncoder(input.EncodingType);
  const limit = limitOf('maxUploads', input.MaxUploads);
  const { KeyMarker: keyMarker = '', UploadIdMarker: idMarker } = input;
  const listing: Listing = {
    prefix: input.Prefix ?? '',
    delimiter: input.Delimiter ?? '',
    after: keyMarker,
    from: idMarker ? 'at' : 'after',
  };
  const byKey = walk(uploadsByKey(bucket), listing, (uploads) => uploads);
  const marker = idMarker ? { key: keyMarker, isMarked: ({ id }: Upload) => id === idMarker } : undefined;
  const { items, next } = page(flatten(byKey, marker), limit);
  const uploads = valuesOf(items).map((upload) => describeUpload(upload, owner, encode));
  const prefixes = prefixesOf(items, encode);
  return {
    Bucket: bucket.name,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker ?? '',
    Prefix: encode(listing.prefix),
    ...(listing.delimiter === '' ? {} : { Delimiter: encode(listing.delimiter) }),
    ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
    MaxUploads: limit,
    IsTruncated: next !== undefined,
    ...(next === undefined ? {} : nextUploadMarkers(items.at(-1), encode)),
    ...(uploads.length === 0 ? {} : { Uploads: uploads }),
    ...(prefixes.length === 0 ? {} : { CommonPrefixes: prefixes }),
  };
}

/** The uploads of each key in the order in which they were initiated. */
function uploadsByKey(bucket: Bucket): SortedMap<Upload[]> {
  const byKey = new SortedMap<Upload[]>();
  for (const upload of bucket.uploads.values()) {
    const same = byKey.get(upload.key);
    if (same) same.push(upload);
    else byKey.set(upload.key, [upload]);
  }
  return byKey;
}

function nextUploadMarkers(last: ListedEntry<Upload> | undefined, encode: (key: string) => string) {
  if (last === undefined) return {};
  return {
    NextKeyMarker: encode(nameOf(last)),
    ...('value' in last ? { NextUploadIdMarker: last.value.id } : {}),
  };
}

function describeUpload(upload: Upload, owner: Owner, encode: (key: string) => string): MultipartUpload {
  return {
    UploadId: upload.id,
    Key: encode(upload.key),
    Initiated: new Date(upload.initiated),
    StorageClass: upload.headers.StorageClass as 'STANDARD',
    Owner: owner,
    Initiator: owner,
    ...checksumSettings(upload),
  };
}
