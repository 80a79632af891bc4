import type { Input, Operations, S3Call } from '../calls.ts';
import { findVersion } from '../lookup.ts';
import type { ObjectVersion } from '../model.ts';
import type { S3State } from '../state.ts';
import { checkObjectTags } from '../tags.ts';

/** Set, read and remove the tags of objects. */
export function taggingOperations(state: S3State) {
  type TaggingCall = S3Call<Input<'GetObjectTagging'>>;
  // Unlike other reads, these name the newest version also if it is a delete marker.
  const find = ({ input, bucket, caller }: TaggingCall, method: 'GET' | 'PUT' | 'DELETE') => {
    const { VersionId = bucket.objects.get(input.Key ?? '')?.[0]?.versionId } = input;
    const shownKey = method === 'GET' ? `${bucket.name}/${input.Key}` : input.Key;
    return findVersion(state, { input: { ...input, VersionId }, bucket, caller }, method, shownKey);
  };
  const change = (call: TaggingCall, tags?: ObjectVersion['tags']) => {
    const version = find(call, tags ? 'PUT' : 'DELETE');
    state.setTags(call, version, tags);
    return state.shownVersionId(call.bucket, version);
  };
  return {
    PutObjectTagging: (call) => change(call, structuredClone(checkObjectTags(call.input.Tagging?.TagSet ?? []))),
    DeleteObjectTagging: (call) => change(call),
    GetObjectTagging(call) {
      const version = find(call, 'GET');
      return { TagSet: structuredClone(version.tags), ...state.shownVersionId(call.bucket, version) };
    },
  } satisfies Operations;
}
