import type { CreateModelInput } from '@aws-sdk/client-sagemaker';
import { AwsError } from '../core/aws-error.ts';
import { type Caller, type Deps, type Operation, root } from '../core/cloud.ts';
import { checkContainers, containerSpecs } from './containers.ts';
import { alreadyExists, constraint, notFound, validation } from './errors.ts';
import { type Listed, page } from './listing.ts';
import { checkName, modelArn, parseS3Uri } from './names.ts';
import { keyOf, type Model, type Store } from './store.ts';
import { checkTags } from './tags.ts';

type Named = { ModelName: string };

/** CreateModel, DescribeModel, DeleteModel, ListModels. */
export function modelOperations(
  deps: Deps,
  store: Store,
  callerForRole: (roleArn: string) => Caller,
): Record<string, Operation> {
  const permissions = (action: string) => (input: Named) => [
    { action: `sagemaker:${action}`, resource: modelArn(deps.account, input.ModelName) },
  ];
  const find = (name: string): Model => {
    const model = store.models.get(keyOf(name));
    if (!model) throw notFound('model', modelArn(deps.account, name));
    return model;
  };

  /** SageMaker looks at the data with the role's permissions when the model is created, and again at each launch. */
  async function checkData(uri: string, prefix: boolean, roleArn: string): Promise<void> {
    const location = parseS3Uri(uri);
    if (!location)
      throw constraint(
        'primaryContainer.modelDataUrl',
        uri,
        'satisfy regular expression pattern: ^(https|s3)://([^/]+)/?(.*)$',
      );
    const look = async (caller: Caller): Promise<'there' | 'missing' | 'denied'> => {
      try {
        if (!prefix) await deps.cloud.call('s3', 'HeadObject', { Bucket: location.bucket, Key: location.key }, caller);
        else {
          const input = { Bucket: location.bucket, Prefix: location.key, MaxKeys: 1 };
          const listed = await deps.cloud.call('s3', 'ListObjectsV2', input, caller);
          if (!listed.Contents?.length) return 'missing';
        }
        return 'there';
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        if (error.status === 404) return 'missing';
        if (error.status === 403) return 'denied';
        throw error;
      }
    };
    let found = await look(callerForRole(roleArn));
    // S3 answers 403 for a missing object to those who may not list.
    if (found === 'denied' && (await look(root(deps.account))) === 'missing') found = 'missing';
    if (found === 'missing') throw validation(`Could not find model data at ${uri}.`);
    if (found === 'denied') {
      throw validation(
        `Could not access model data at ${uri}. Please ensure that the role "${roleArn}" exists and that its trust relationship policy allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that the object is located in ${deps.account.region}.`,
      );
    }
  }

  return {
    CreateModel: {
      permissions: permissions('CreateModel'),
      async run(input: CreateModelInput) {
        checkName('modelName', input.ModelName);
        checkTags(input.Tags);
        if (typeof input.ExecutionRoleArn !== 'string') throw constraint('executionRoleArn', undefined, 'not be null');
        checkContainers(input);
        const arn = modelArn(deps.account, input.ModelName);
        const key = keyOf(input.ModelName);
        if (store.models.has(key)) throw alreadyExists('model', arn);
        for (const container of containerSpecs(input)) {
          // A multi-model container's prefix may be empty: models are looked up when they are asked for.
          if (container.mode === 'MultiModel') continue;
          const { modelDataUrl, modelDataSource } = container;
          if (modelDataUrl !== undefined) await checkData(modelDataUrl, false, input.ExecutionRoleArn);
          if (modelDataSource) {
            await checkData(modelDataSource.uri, modelDataSource.type === 'S3Prefix', input.ExecutionRoleArn);
          }
        }
        if (store.models.has(key)) throw alreadyExists('model', arn);
        const { Tags, ...rest } = input;
        store.models.set(key, { ...structuredClone(rest), ModelName: input.ModelName, arn, created: deps.clock.now() });
        if (Tags) store.tags.set(arn, [...Tags]);
        return { ModelArn: arn };
      },
    },
    DescribeModel: {
      permissions: permissions('DescribeModel'),
      run(input: Named) {
        const { arn, created, ...rest } = find(input.ModelName);
        return {
          ...structuredClone(rest),
          CreationTime: new Date(created),
          ModelArn: arn,
          EnableNetworkIsolation: rest.EnableNetworkIsolation ?? false,
        };
      },
    },
    DeleteModel: {
      permissions: permissions('DeleteModel'),
      run(input: Named) {
        const { arn } = find(input.ModelName);
        store.models.delete(keyOf(input.ModelName));
        store.tags.delete(arn);
        return {};
      },
    },
    ListModels: {
      permissions: () => [{ action: 'sagemaker:ListModels', resource: '*' }],
      run(input: object) {
        const view = (model: Model): Listed => ({
          name: model.ModelName,
          created: model.created,
          modified: model.created,
        });
        const { items, NextToken } = page(store.models.values(), view, input);
        return {
          Models: items.map((model) => ({
            ModelName: model.ModelName,
            ModelArn: model.arn,
            CreationTime: new Date(model.created),
          })),
          ...(NextToken !== undefined && { NextToken }),
        };
      },
    },
  };
}
