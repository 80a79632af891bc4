import type {
  CreateModelInput,
  DeleteModelInput,
  DescribeModelInput,
  ListModelsInput,
} from '@aws-sdk/client-sagemaker';
import { AwsError } from '../core/aws-error.ts';
import { type Caller, type Deps, type Operation, root } from '../core/cloud.ts';
import { permitted } from '../core/permitted.ts';
import { checkContainers, containerSpecs } from './containers.ts';
import { alreadyExists, constraint, notFound, validation } from './errors.ts';
import type { S3Data } from './launcher.ts';
import { type Listed, listPage } from './listing.ts';
import { checkName, modelArn, parseS3Uri } from './names.ts';
import type { SageMakerModel } from './resources.ts';
import { keyOf, type Store } from './store.ts';
import { checkTags } from './tags.ts';

/** The caller that a role is when SageMaker assumes it. */
type CallerForRole = (roleArn: string) => Caller;

/** CreateModel, DescribeModel, DeleteModel, ListModels. */
export function modelOperations(deps: Deps, store: Store, callerForRole: CallerForRole): Record<string, Operation> {
  const resourceOf = ({ ModelName: name }: Partial<DescribeModelInput>) =>
    name === undefined ? '*' : modelArn(deps.account, name);
  return permitted('sagemaker', resourceOf, {
    CreateModel: (input: CreateModelInput) => createModel(deps, store, callerForRole, input),
    DescribeModel(input: DescribeModelInput) {
      const { arn, created, ...rest } = storedModel(deps, store, input.ModelName);
      return {
        ...structuredClone(rest),
        CreationTime: new Date(created),
        ModelArn: arn,
        EnableNetworkIsolation: rest.EnableNetworkIsolation ?? false,
      };
    },
    DeleteModel(input: DeleteModelInput) {
      const { arn } = storedModel(deps, store, input.ModelName);
      store.models.delete(keyOf(input.ModelName));
      store.tags.delete(arn);
      return {};
    },
    ListModels: (input: ListModelsInput) => listModels(store, input),
  });
}

async function createModel(deps: Deps, store: Store, callerForRole: CallerForRole, input: CreateModelInput) {
  checkName('modelName', input.ModelName);
  checkTags(input.Tags);
  const { ExecutionRoleArn: roleArn } = input;
  if (typeof roleArn !== 'string') throw constraint('executionRoleArn', undefined, 'not be null');
  checkContainers(input);
  const arn = modelArn(deps.account, input.ModelName);
  const key = keyOf(input.ModelName);
  if (store.models.has(key)) throw alreadyExists('model', arn);
  for (const { mode, modelDataUrl: uri, modelDataSource } of containerSpecs(input)) {
    // The prefix of a multi-model container can be empty: models are looked up when they are requested.
    if (mode === 'MultiModel') continue;
    if (uri !== undefined) await checkData(deps, { uri, type: 'S3Object' }, roleArn, callerForRole(roleArn));
    if (modelDataSource) await checkData(deps, modelDataSource, roleArn, callerForRole(roleArn));
  }
  if (store.models.has(key)) throw alreadyExists('model', arn);
  const { Tags, ...rest } = input;
  store.models.set(key, {
    ...structuredClone(rest),
    ModelName: input.ModelName,
    ExecutionRoleArn: roleArn,
    arn,
    created: deps.clock.now(),
  });
  if (Tags) store.tags.set(arn, [...Tags]);
  return { ModelArn: arn };
}

function listModels(store: Store, input: ListModelsInput) {
  const view = (model: SageMakerModel): Listed => ({
    name: model.ModelName,
    created: model.created,
    modified: model.created,
  });
  const { items, NextToken } = listPage(store.models.values(), view, input);
  return {
    Models: items.map((model) => ({
      ModelName: model.ModelName,
      ModelArn: model.arn,
      CreationTime: new Date(model.created),
    })),
    ...(NextToken !== undefined && { NextToken }),
  };
}

/** Finds a model regardless of case. Throws `Could not find model "arn".` */
export function storedModel(deps: Deps, store: Store, name: string | undefined): SageMakerModel {
  const model = store.models.get(keyOf(name));
  if (!model) throw notFound('model', modelArn(deps.account, name));
  return model;
}

type ModelData = Pick<S3Data, 'uri' | 'type'>;

/** SageMaker checks the data with the role's permissions when a model is created, and again at each launch. */
async function checkData(deps: Deps, data: ModelData, roleArn: string, caller: Caller): Promise<void> {
  let access = await probe(deps, data, caller);
  // S3 answers 403 for a missing object to callers that cannot list.
  if (access === 'denied' && (await probe(deps, data, root(deps.account))) === 'missing') access = 'missing';
  if (access === 'missing') throw validation(`Could not find model data at ${data.uri}.`);
  if (access === 'denied') {
    throw validation(
      `Could not access model data at ${data.uri}. Please ensure that the role "${roleArn}" ` +
        'exists and that its trust relationship policy allows the action "sts:AssumeRole" for the service principal ' +
        '"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that the object is ' +
        `located in ${deps.account.region}.`,
    );
  }
}

async function probe(deps: Deps, data: ModelData, caller: Caller): Promise<'found' | 'missing' | 'denied'> {
  const location = parseS3Uri(data.uri);
  if (!location) {
    const rule = 'satisfy regular expression pattern: ^(https|s3)://([^/]+)/?(.*)$';
    throw constraint('primaryContainer.modelDataUrl', data.uri, rule);
  }
  const { bucket: Bucket, key } = location;
  try {
    if (data.type !== 'S3Prefix') {
      await deps.cloud.call('s3', 'HeadObject', { Bucket, Key: key }, caller);
      return 'found';
    }
    const input = { Bucket, Prefix: key, MaxKeys: 1 };
    const listed = await deps.cloud.call<{ Contents?: object[] }>('s3', 'ListObjectsV2', input, caller);
    return listed.Contents?.length ? 'found' : 'missing';
  } catch (error) {
    if (error instanceof AwsError && error.status === 404) return 'missing';
    if (error instanceof AwsError && error.status === 403) return 'denied';
    throw error;
  }
}
