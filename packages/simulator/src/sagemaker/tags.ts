import type { SageMaker, Tag } from '@aws-sdk/client-sagemaker';
import { operationsOf } from '../core/operations.ts';
import { validation } from './errors.ts';
import type { Resource } from './resources.ts';
import type { Store } from './store.ts';

/** Throws ValidationException for tags that SageMaker rejects. */
export function checkTags(tags: readonly Tag[] = []): void {
  if (tags.length > 50) throw validation('A resource can have at most 50 tags.');
  for (const { Key, Value } of tags) {
    if (typeof Key !== 'string' || Key.length < 1 || Key.length > 128) {
      throw validation(`Tag keys have 1 to 128 characters, got: ${JSON.stringify(Key)}`);
    }
    if (typeof Value !== 'string' || Value.length > 256) {
      throw validation(`Tag values have at most 256 characters, got: ${JSON.stringify(Value)}`);
    }
  }
}

/** AddTags, ListTags, DeleteTags. */
export function tagOperations({ models, configs, endpoints, packageGroups }: Store) {
  const find = (arn: string | undefined): Resource => {
    const all = [...models.all(), ...configs.all(), ...endpoints.all(), ...packageGroups.all()];
    const found = all.find((resource) => resource.arn === arn);
    if (!found) throw validation(`Could not find resource "${arn}".`);
    return found;
  };
  return operationsOf<SageMaker>()('sagemaker', ({ ResourceArn = '' }) => ResourceArn, {
    AddTags({ ResourceArn, Tags = [] }) {
      const resource = find(ResourceArn);
      const merged = [...new Map([...(resource.Tags ?? []), ...Tags].map((tag) => [tag.Key, tag])).values()];
      checkTags(merged);
      resource.Tags = merged;
      return { Tags: merged };
    },
    ListTags: ({ ResourceArn }) => ({ Tags: find(ResourceArn).Tags ?? [] }),
    DeleteTags({ ResourceArn, TagKeys = [] }) {
      const resource = find(ResourceArn);
      resource.Tags = resource.Tags?.filter(({ Key = '' }) => !TagKeys.includes(Key));
      return {};
    },
  });
}
