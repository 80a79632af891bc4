import type {
  GetObjectTaggingCommandInput,
  GetObjectTaggingCommandOutput,
  PutObjectTaggingCommandInput,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../core/cloud.ts';
import { findVersion } from '../lookup.ts';
import type { S3State } from '../state.ts';
import { checkTags } from '../tags.ts';
import type { Output } from './output.ts';

/** Tags of objects. */
export function taggingOperations(state: S3State): Record<string, Operation> {
  return {
    PutObjectTagging: {
      run(input: PutObjectTaggingCommandInput, caller) {
        const bucket = state.bucket(input.Bucket);
        const version = findVersion(state, bucket, input.Key, input.VersionId, caller);
        version.tags = structuredClone(checkTags(input.Tagging?.TagSet ?? []));
        state.tellTags('Object Tags Added', bucket, version, input, caller);
        return state.shownVersionId(bucket, version);
      },
    },
    GetObjectTagging: {
      run(input: GetObjectTaggingCommandInput, caller): Output<GetObjectTaggingCommandOutput> {
        const bucket = state.bucket(input.Bucket);
        const version = findVersion(state, bucket, input.Key, input.VersionId, caller);
        return {
          TagSet: structuredClone(version.tags) as GetObjectTaggingCommandOutput['TagSet'],
          ...state.shownVersionId(bucket, version),
        };
      },
    },
    DeleteObjectTagging: {
      run(input: GetObjectTaggingCommandInput, caller) {
        const bucket = state.bucket(input.Bucket);
        const version = findVersion(state, bucket, input.Key, input.VersionId, caller);
        version.tags = [];
        state.tellTags('Object Tags Deleted', bucket, version, input, caller);
        return state.shownVersionId(bucket, version);
      },
    },
  };
}
