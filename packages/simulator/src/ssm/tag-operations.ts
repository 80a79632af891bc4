import type {
  AddTagsToResourceRequest,
  ListTagsForResourceRequest,
  RemoveTagsFromResourceRequest,
} from '@aws-sdk/client-ssm';
import { AwsError } from '../core/aws-error.ts';
import type { Operation } from '../core/cloud.ts';
import { permitted } from '../core/permitted.ts';
import { tagList } from '../core/tags.ts';
import { type Parameter, setTags } from './parameter.ts';
import type { SsmStore } from './ssm-store.ts';

/** The members that name a tagged resource. */
type TaggedResource = Pick<ListTagsForResourceRequest, 'ResourceType' | 'ResourceId'>;

/** AddTagsToResource, RemoveTagsFromResource, ListTagsForResource. */
export function parameterTagOperations(store: SsmStore): Record<string, Operation> {
  const find = ({ ResourceType, ResourceId = '' }: TaggedResource): Parameter => {
    if (ResourceType !== 'Parameter') {
      throw new AwsError(
        'InvalidResourceType',
        'The resource type is not valid. The local runtime has Parameter only.',
      );
    }
    const parameter = store.get(ResourceId);
    if (!parameter) {
      throw new AwsError(
        'InvalidResourceId',
        'The resource ID is not valid. Verify that you entered the correct ID and try again.',
      );
    }
    return parameter;
  };
  return permitted('ssm', ({ ResourceId }: TaggedResource) => store.arnsOf([ResourceId]), {
    AddTagsToResource(input: AddTagsToResourceRequest) {
      setTags(find(input), input.Tags);
      return {};
    },
    RemoveTagsFromResource(input: RemoveTagsFromResourceRequest) {
      const { tags } = find(input);
      for (const key of input.TagKeys ?? []) tags.delete(key);
      return {};
    },
    ListTagsForResource: (input: ListTagsForResourceRequest) => ({ TagList: tagList(find(input).tags) }),
  });
}
