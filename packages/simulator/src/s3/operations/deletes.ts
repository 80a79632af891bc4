import type {
  DeletedObject,
  _Error as DeleteError,
  DeleteObjectCommandInput,
  DeleteObjectCommandOutput,
  DeleteObjectsCommandInput,
  DeleteObjectsCommandOutput,
} from '@aws-sdk/client-s3';
import { AwsError } from '../../core/aws-error.ts';
import type { Operation } from '../../core/cloud.ts';
import { checkWriteConditions } from '../conditions.ts';
import { malformedXml } from '../errors.ts';
import { checkKey } from '../names.ts';
import type { Deletion, S3State } from '../state.ts';
import type { SdkOutput } from './output.ts';

/** DeleteObject and DeleteObjects; the latter checks permissions for each key and reports each error. */
export function deleteOperations(state: S3State): Record<string, Operation> {
  return {
    DeleteObject: {
      run(input: DeleteObjectCommandInput, caller): SdkOutput<DeleteObjectCommandOutput> {
        const bucket = state.bucket(input.Bucket);
        const key = input.Key;
        checkKey(key);
        checkWriteConditions({ IfMatch: input.IfMatch }, key, state.live(bucket, key));
        const { versionId, deleteMarker } = state.remove(bucket, key, input.VersionId, { input, caller });
        return {
          ...(deleteMarker ? { DeleteMarker: true } : {}),
          ...(versionId === undefined ? {} : { VersionId: versionId }),
        };
      },
    },

    DeleteObjects: {
      run(input: DeleteObjectsCommandInput, caller): SdkOutput<DeleteObjectsCommandOutput> {
        const bucket = state.bucket(input.Bucket);
        const entries = input.Delete?.Objects ?? [];
        if (entries.length === 0 || entries.length > 1000) throw malformedXml();
        const deleted: DeletedObject[] = [];
        const errors: DeleteError[] = [];
        for (const { Key: key, VersionId: versionId, ETag: etag } of entries) {
          const named = {
            ...(key === undefined ? {} : { Key: key }),
            ...(versionId === undefined ? {} : { VersionId: versionId }),
          };
          try {
            checkKey(key);
            state.deps.cloud.authorize(caller, {
              action: versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion',
              resource: `${state.bucketArn(bucket.name)}/${key}`,
            });
            checkWriteConditions({ IfMatch: etag }, key, state.live(bucket, key));
            deleted.push({ ...named, ...markerOf(state.remove(bucket, key, versionId, { input, caller })) });
          } catch (error) {
            if (!(error instanceof AwsError)) throw error;
            errors.push({ ...named, Code: error.code, Message: error.message });
          }
        }
        return {
          ...(input.Delete?.Quiet || deleted.length === 0 ? {} : { Deleted: deleted }),
          ...(errors.length === 0 ? {} : { Errors: errors }),
        };
      },
    },
  };
}

const markerOf = ({ versionId, deleteMarker }: Deletion): DeletedObject =>
  deleteMarker ? { DeleteMarker: true, ...(versionId === undefined ? {} : { DeleteMarkerVersionId: versionId }) } : {};
