import type { Caller } from '../../core/cloud.ts';
import type { Input, Operations } from '../inputs.ts';
import { findVersion } from '../lookup.ts';
import type { ObjectVersion } from '../model.ts';
import type { S3State } from '../state.ts';
import { checkObjectTags } from '../tags.ts';

/** Set, read and remove the tags of objects. */
export function taggingOperations(state: S3State) {
  const find = (input: Input<'GetObjectTagging'>, caller: Caller) => {
    const bucket = state.bucket(input.Bucket);
    return { bucket, version: findVersion(state, bucket, input, caller) };
  };
  const change = (input: Input<'GetObjectTagging'>, caller: Caller, tags?: ObjectVersion['tags']) => {
    const { bucket, version } = find(input, caller);
    state.setTags(bucket, version, tags, { input, caller });
    return state.shownVersionId(bucket, version);
  };
  return {
    PutObjectTagging: (input, caller) =>
      change(input, caller, structuredClone(checkObjectTags(input.Tagging?.TagSet ?? []))),
    DeleteObjectTagging: (input, caller) => change(input, caller),
    GetObjectTagging(input, caller) {
      const { bucket, version } = find(input, caller);
      return { TagSet: structuredClone(version.tags), ...state.shownVersionId(bucket, version) };
    },
  } satisfies Operations;
}
