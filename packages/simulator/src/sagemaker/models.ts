import type { ContainerDefinition, SageMaker } from '@aws-sdk/client-sagemaker';
import { AwsError } from '../core/aws-error.ts';
import { type Caller, type Deps, root } from '../core/cloud.ts';
import { operationsOf } from '../core/operations.ts';
import { type Containers, checkContainers, containerSpecs, definitionsOf } from './containers.ts';
import { constraint, validation } from './errors.ts';
import type { S3Data } from './launcher.ts';
import { findPackage } from './model-registry.ts';
import { parseS3Uri } from './names.ts';
import { listPage, settingsOf, summaryOf } from './resources.ts';
import type { Store } from './store.ts';

/** The caller that a role is when SageMaker assumes it. */
type CallerForRole = (roleArn: string) => Caller;

/** CreateModel, DescribeModel, DeleteModel, ListModels. */
export function modelOperations(deps: Deps, store: Store, callerForRole: CallerForRole) {
  const { models } = store;
  return operationsOf<SageMaker>()('sagemaker', ({ ModelName }) => models.permissionOn(ModelName), {
    async CreateModel(input) {
      const { ModelName, ExecutionRoleArn, Tags } = input;
      const { name, arn } = models.checkNew('modelName', ModelName, Tags);
      if (typeof ExecutionRoleArn !== 'string') throw constraint('executionRoleArn', undefined, 'not be null');
      checkContainers(input);
      const containers = resolvedContainers(store, input);
      await checkModelData(deps, containers, ExecutionRoleArn, callerForRole(ExecutionRoleArn));
      const settings = structuredClone({ ...input, PrimaryContainer: undefined, ...containers });
      models.add({ ...settings, ExecutionRoleArn, name, arn, created: deps.clock.now() });
      return { ModelArn: arn };
    },
    DescribeModel({ ModelName }) {
      const model = models.find(ModelName);
      const EnableNetworkIsolation = model.EnableNetworkIsolation ?? false;
      return { ...settingsOf(model), ...summaryOf('Model', model), EnableNetworkIsolation };
    },
    DeleteModel: ({ ModelName }) => models.remove(models.find(ModelName)),
    ListModels(input) {
      const { items, NextToken } = listPage(models.all(), input);
      return { Models: items.map((model) => summaryOf('Model', model)), NextToken };
    },
  });
}

/** The containers, with those of a package in the place of its name. Throws ValidationException. */
function resolvedContainers(store: Store, model: Containers): Containers {
  const resolved = definitionsOf(model).flatMap((container): ContainerDefinition | ContainerDefinition[] => {
    const { ModelPackageName, InferenceSpecificationName: name, ...own } = container;
    if (ModelPackageName === undefined) return container;
    const { settings } = findPackage(store, ModelPackageName).found;
    const others = settings.AdditionalInferenceSpecifications?.find(({ Name }) => Name === name);
    const { Containers } = (name === undefined ? settings.InferenceSpecification : others) ?? {};
    if (!Containers) throw validation(`ModelPackage ${ModelPackageName} has no inference specification ${name ?? ''}`);
    return Containers.map(({ ContainerHostname, Image, ModelDataUrl, ModelDataSource, Environment }) => ({
      ...{ ContainerHostname, Image, ModelDataUrl, ModelDataSource, ModelPackageName, ...own },
      Environment: { ...Environment, ...own.Environment },
    }));
  });
  return model.PrimaryContainer && resolved.length === 1 ? { PrimaryContainer: resolved[0] } : { Containers: resolved };
}

/** SageMaker checks the data with the role's permissions when a model is created, and again at each launch. */
async function checkModelData(deps: Deps, model: Containers, roleArn: string, caller: Caller): Promise<void> {
  for (const { mode, modelData: data } of containerSpecs(model)) {
    // The prefix of a multi-model container can be empty: models are looked up when they are requested.
    if (mode === 'MultiModel' || !data) continue;
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
}

async function probe(deps: Deps, data: S3Data, caller: Caller): Promise<'found' | 'missing' | 'denied'> {
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
