import type { SageMaker } from '@aws-sdk/client-sagemaker';
import { operationsOf } from '../core/operations.ts';
import { validation } from './errors.ts';
import { checkTags, type Resource } from './resources.ts';
import type { Store } from './store.ts';

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
    },
  });
}
