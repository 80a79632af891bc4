import type { AddTagsInput, DeleteTagsInput, ListTagsInput, Tag } from '@aws-sdk/client-sagemaker';
import type { Operation } from '../core/cloud.ts';
import { permitted } from '../core/permitted.ts';
import { validation } from './errors.ts';
import type { Store } from './store.ts';

/** Throws ValidationException for tags that SageMaker rejects. */
export function checkTags(tags: readonly Tag[] | undefined): void {
  if (tags && tags.length > 50) throw validation('A resource can have at most 50 tags.');
  for (const { Key, Value } of tags ?? []) {
    if (typeof Key !== 'string' || Key.length < 1 || Key.length > 128) {
      throw validation(`Tag keys have 1 to 128 characters, got: ${JSON.stringify(Key)}`);
    }
    if (typeof Value !== 'string' || Value.length > 256) {
      throw validation(`Tag values have at most 256 characters, got: ${JSON.stringify(Value)}`);
    }
  }
}

/** AddTags, ListTags, DeleteTags. */
export function tagOperations(store: Store): Record<string, Operation> {
  const existing = (arn = ''): Tag[] => {
    const { models, configs, endpoints, packageGroups } = store;
    const known = [models, configs, endpoints, packageGroups].flatMap((each) => [...each.values()]);
    if (!known.some((resource) => resource.arn === arn)) throw validation(`Could not find resource "${arn}".`);
    return store.tags.get(arn) ?? [];
  };
  return permitted('sagemaker', ({ ResourceArn = '' }: ListTagsInput) => ResourceArn, {
    AddTags(input: AddTagsInput) {
      const merged = new Map(existing(input.ResourceArn).map((tag) => [tag.Key, tag]));
      for (const tag of input.Tags ?? []) merged.set(tag.Key, tag);
      const tags = [...merged.values()];
      checkTags(tags);
      store.tags.set(input.ResourceArn ?? '', tags);
      return { Tags: tags };
    },
    ListTags: (input: ListTagsInput) => ({ Tags: [...existing(input.ResourceArn)] }),
    DeleteTags(input: DeleteTagsInput) {
      const removed = new Set(input.TagKeys);
      const remaining = existing(input.ResourceArn).filter((tag) => !removed.has(tag.Key ?? ''));
      store.tags.set(input.ResourceArn ?? '', remaining);
      return {};
    },
  });
}
