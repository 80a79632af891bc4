import type {
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
  ListPartsCommandInput,
  ListPartsCommandOutput,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../core/cloud.ts';
import { checksumMembers } from '../checksums.ts';
import type { Upload } from '../model.ts';
import { canonicalId } from '../owner.ts';
import { SortedMap } from '../sorted-map.ts';
import type { S3State } from '../state.ts';
import { findUpload } from './multipart.ts';
import type { Output } from './output.ts';
import { type Entry, keyEncoder, limitOf, page, walk } from './paging.ts';

/** ListParts and ListMultipartUploads. */
export function uploadListingOperations(state: S3State): Record<string, Operation> {
  const owner = { ID: canonicalId(state.deps.account.accountId) };

  return {
    ListParts: {
      run(input: ListPartsCommandInput): Output<ListPartsCommandOutput> {
        const upload = findUpload(state, input);
        const after = Number(input.PartNumberMarker ?? 0);
        const limit = limitOf('maxParts', input.MaxParts);
        const sorted = [...upload.parts.values()].sort((a, b) => a.number - b.number);
        const { entries, truncated } = page(
          sorted.filter((part) => part.number > after),
          limit,
        );
        return {
          Bucket: input.Bucket!,
          Key: upload.key,
          UploadId: upload.id,
          PartNumberMarker: String(after),
          NextPartNumberMarker: String(entries.at(-1)?.number ?? after),
          MaxParts: limit,
          IsTruncated: truncated,
          Parts: entries.map((part) => {
            const { ChecksumType: _, ...checksum } = checksumMembers(part.checksum);
            return {
              PartNumber: part.number,
              LastModified: new Date(part.lastModified),
              ETag: `"${part.etag}"`,
              Size: part.size,
              ...checksum,
            };
          }),
          Initiator: owner,
          Owner: owner,
          StorageClass: upload.headers.StorageClass as ListPartsCommandOutput['StorageClass'],
          ...(upload.checksum
            ? { ChecksumAlgorithm: upload.checksum.algorithm, ChecksumType: upload.checksum.type }
            : {}),
        };
      },
    },

    ListMultipartUploads: {
      run(input: ListMultipartUploadsCommandInput): Output<ListMultipartUploadsCommandOutput> {
        const bucket = state.bucket(input.Bucket);
        const encode = keyEncoder(input.EncodingType);
        const limit = limitOf('maxUploads', input.MaxUploads);
        const { KeyMarker: keyMarker = '', UploadIdMarker: idMarker } = input;
        const byKey = new SortedMap<Upload[]>();
        for (const upload of bucket.uploads.values()) {
          const same = byKey.get(upload.key);
          if (same) same.push(upload);
          else byKey.set(upload.key, [upload]);
        }
        const paging = {
          prefix: input.Prefix ?? '',
          delimiter: input.Delimiter ?? '',
          after: keyMarker,
          inclusive: Boolean(idMarker),
        };
        const all = oneByOne(
          walk(byKey, paging, (uploads) => uploads),
          keyMarker,
          idMarker,
        );
        const { entries, truncated } = page(all, limit);
        const last = entries.at(-1);
        const uploads = entries.flatMap((entry) => ('value' in entry ? [entry.value] : []));
        const prefixes = entries.flatMap((entry) => ('commonPrefix' in entry ? [entry.commonPrefix] : []));
        return {
          Bucket: bucket.name,
          KeyMarker: encode(keyMarker),
          UploadIdMarker: idMarker ?? '',
          Prefix: encode(paging.prefix),
          ...(paging.delimiter === '' ? {} : { Delimiter: encode(paging.delimiter) }),
          ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
          MaxUploads: limit,
          IsTruncated: truncated,
          ...(truncated ? { NextKeyMarker: encode('value' in last! ? last.key : last!.commonPrefix) } : {}),
          ...(truncated && 'value' in last! ? { NextUploadIdMarker: last.value.id } : {}),
          ...(uploads.length === 0
            ? {}
            : {
                Uploads: uploads.map((upload) => ({
                  UploadId: upload.id,
                  Key: encode(upload.key),
                  Initiated: new Date(upload.initiated),
                  StorageClass: upload.headers.StorageClass as 'STANDARD',
                  Owner: owner,
                  Initiator: owner,
                  ...(upload.checksum
                    ? { ChecksumAlgorithm: upload.checksum.algorithm, ChecksumType: upload.checksum.type }
                    : {}),
                })),
              }),
          ...(prefixes.length === 0 ? {} : { CommonPrefixes: prefixes.map((prefix) => ({ Prefix: encode(prefix) })) }),
        };
      },
    },
  };
}

/** Uploads of one key in the order they were begun; of the marker's key only those after the marker. */
function* oneByOne(
  entries: Iterable<Entry<Upload[]>>,
  keyMarker: string,
  idMarker: string | undefined,
): Generator<Entry<Upload>> {
  for (const entry of entries) {
    if (!('value' in entry)) {
      yield entry;
      continue;
    }
    const from = idMarker && entry.key === keyMarker ? entry.value.findIndex(({ id }) => id === idMarker) + 1 : 0;
    for (const upload of entry.value.slice(from)) yield { key: entry.key, value: upload };
  }
}
