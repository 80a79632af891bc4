import type { ContainerDefinition, CreateModelInput } from '@aws-sdk/client-sagemaker';
import { validation } from './errors.ts';
import { archiveAt, type ContainerSpec } from './launcher.ts';

export type Containers = Pick<CreateModelInput, 'PrimaryContainer' | 'Containers'>;

/** The containers of a model, in the order of its pipeline. */
export function definitionsOf({ PrimaryContainer, Containers = [] }: Containers): readonly ContainerDefinition[] {
  return PrimaryContainer ? [PrimaryContainer] : Containers;
}

/** The specs of a model's containers for its instances. */
export function containerSpecs(model: Containers): ContainerSpec[] {
  return definitionsOf(model).map((container, index, all) => {
    const { ModelDataUrl, ModelDataSource } = container;
    const {
      S3Uri: uri,
      S3DataType: type = 'S3Object',
      CompressionType: compression = 'None',
    } = ModelDataSource?.S3DataSource ?? {};
    const archive = ModelDataUrl === undefined ? undefined : archiveAt(ModelDataUrl);
    return {
      name: `container_${index + 1}`,
      label: container.ContainerHostname ?? (all.length === 1 ? 'primary' : `container-${index + 1}`),
      image: container.Image,
      environment: container.Environment ?? {},
      modelData: uri === undefined ? archive : { uri, type, compression },
      mode: container.Mode ?? 'SingleModel',
    };
  });
}

/** Throws ValidationException unless the input has either a primary container or a pipeline of 1 to 15. */
export function checkContainers(input: Containers): void {
  if (input.PrimaryContainer && input.Containers?.length) {
    throw validation('PrimaryContainer and Containers cannot both be specified.');
  }
  const containers = definitionsOf(input);
  if (containers.length < 1 || containers.length > 15) {
    throw validation(`A model has 1 to 15 containers, got: ${containers.length}`);
  }
  if (containers.some(({ ModelDataUrl, ModelDataSource }) => ModelDataUrl !== undefined && ModelDataSource)) {
    throw validation('ModelDataUrl and ModelDataSource cannot both be specified for a container.');
  }
  if (containers.some(({ Image, ModelPackageName }) => Image === undefined && ModelPackageName === undefined)) {
    throw validation('Either Image or ModelPackageName must be specified for a container.');
  }
}
