import { AwsError } from '../../core/aws-error.ts';
import type { Operations } from '../calls.ts';
import { checkIfMatch } from '../conditions.ts';
import { S3Error, s3Error } from '../errors.ts';
import { checkKey, checkVersionId, isVersionId } from '../names.ts';
import type { S3State } from '../state.ts';

/** DeleteObject and DeleteObjects; the latter checks permissions for each key and reports each error. */
export function deleteOperations(state: S3State) {
  return {
    DeleteObject(call) {
      const { input, bucket } = call;
      const key = checkKey(input.Key);
      checkBypass(input.BypassGovernanceRetention);
      checkVersionId(input.VersionId);
      checkIfMatch(input.IfMatch, key, state.live(bucket, key));
      const { versionId, deleteMarker } = state.remove(call, key, input.VersionId);
      return { DeleteMarker: deleteMarker || undefined, VersionId: versionId };
    },

    DeleteObjects(call) {
      const { input, caller, bucket } = call;
      const { Objects = [], Quiet } = input.Delete ?? {};
      checkBypass(input.BypassGovernanceRetention);
      if (Objects.length === 0 || Objects.length > 1000) throw s3Error('MalformedXML');
      const deleted: object[] = [];
      const errors: object[] = [];
      for (const { Key, VersionId, ETag } of Objects) {
        try {
          const key = checkKey(Key);
          const action = VersionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion';
          state.deps.cloud.authorize(caller, { action, resource: state.arnOf(`${bucket.name}/${key}`) });
          if (!isVersionId(VersionId)) throw s3Error('NoSuchVersion');
          checkIfMatch(ETag, key, state.live(bucket, key));
          const { versionId, deleteMarker } = state.remove(call, key, VersionId);
          const marker = deleteMarker && { DeleteMarker: true, DeleteMarkerVersionId: versionId };
          deleted.push({ Key, VersionId, ...marker });
        } catch (error) {
          if (!(error instanceof AwsError)) throw error;
          errors.push({ Key, VersionId, Code: error.code, Message: error.message });
        }
      }
      return { Deleted: Quiet ? [] : deleted, Errors: errors };
    },
  } satisfies Operations;
}

/** No bucket has object locks. */
function checkBypass(bypass: boolean | undefined): void {
  if (bypass === undefined) return;
  const ArgumentName = 'x-amz-bypass-governance-retention';
  const message = `${ArgumentName} is only applicable to Object Lock enabled buckets.`;
  throw new S3Error('InvalidArgument', message, 400, { ArgumentName });
}
