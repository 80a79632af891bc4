import type {
  GetObjectTaggingCommandInput,
  GetObjectTaggingCommandOutput,
  PutObjectTaggingCommandInput,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../core/cloud.ts';
import { findVersion } from '../lookup.ts';
import type { S3State } from '../state.ts';
import { checkObjectTags } from '../tags.ts';
import type { SdkOutput } from './output.ts';

/** Set, read and remove the tags of objects. */
export function taggingOperations(state: S3State): Record<string, Operation> {
  return {
    PutObjectTagging: {
      run(input: PutObjectTaggingCommandInput, caller) {
        const bucket = state.bucket(input.Bucket);
        const version = findVersion(state, bucket, input, caller);
        version.tags = structuredClone(checkObjectTags(input.Tagging?.TagSet ?? []));
        state.publishTags('Object Tags Added', bucket, version, { input, caller });
        return state.shownVersionId(bucket, version);
      },
    },
    GetObjectTagging: {
      run(input: GetObjectTaggingCommandInput, caller): SdkOutput<GetObjectTaggingCommandOutput> {
        const bucket = state.bucket(input.Bucket);
        const version = findVersion(state, bucket, input, caller);
        return {
          TagSet: structuredClone(version.tags) as GetObjectTaggingCommandOutput['TagSet'],
          ...state.shownVersionId(bucket, version),
        };
      },
    },
    DeleteObjectTagging: {
      run(input: GetObjectTaggingCommandInput, caller) {
        const bucket = state.bucket(input.Bucket);
        const version = findVersion(state, bucket, input, caller);
        version.tags = [];
        state.publishTags('Object Tags Deleted', bucket, version, { input, caller });
        return state.shownVersionId(bucket, version);
      },
    },
  };
}
