import type { Input, Operations, S3Call } from '../calls.ts';
import { findVersion } from '../lookup.ts';
import type { ObjectVersion } from '../model.ts';
import type { S3State } from '../state.ts';
import { checkObjectTags } from '../tags.ts';

/** Set, read and remove the tags of objects. */
export function taggingOperations(state: S3State) {
  const change = (call: S3Call<Input<'GetObjectTagging'>>, tags?: ObjectVersion['tags']) => {
    const version = findVersion(state, call, tags ? 'PUT' : 'DELETE');
    state.setTags(call, version, tags);
    return state.shownVersionId(call.bucket, version);
  };
  return {
    PutObjectTagging: (call) => change(call, structuredClone(checkObjectTags(call.input.Tagging?.TagSet ?? []))),
    DeleteObjectTagging: (call) => change(call),
    GetObjectTagging(call) {
      const version = findVersion(state, call);
      return { TagSet: structuredClone(version.tags), ...state.shownVersionId(call.bucket, version) };
    },
  } satisfies Operations;
}
