import type { ContainerDefinition } from '@aws-sdk/client-sagemaker';
import { validation } from './errors.ts';
import type { ContainerSpec } from './launcher.ts';
import type { Model } from './store.ts';

/** The containers of a model in the order of its pipeline. */
export function definitionsOf(model: Pick<Model, 'PrimaryContainer' | 'Containers'>): ContainerDefinition[] {
  return model.PrimaryContainer ? [model.PrimaryContainer] : [...(model.Containers ?? [])];
}

/** What the containers of a model run and load. */
export function containerSpecs(model: Pick<Model, 'PrimaryContainer' | 'Containers'>): ContainerSpec[] {
  return definitionsOf(model).map((container, i, all) => {
    const data = container.ModelDataSource?.S3DataSource;
    return {
      name: `container_${i + 1}`,
      label: container.ContainerHostname ?? (all.length === 1 ? 'primary' : `container-${i + 1}`),
      ...(container.Image !== undefined && { image: container.Image }),
      environment: container.Environment ?? {},
      ...(container.ModelDataUrl !== undefined && { modelDataUrl: container.ModelDataUrl }),
      ...(data?.S3Uri !== undefined && {
        modelDataSource: {
          uri: data.S3Uri,
          type: data.S3DataType ?? 'S3Object',
          compression: data.CompressionType ?? 'None',
        },
      }),
      mode: container.Mode ?? 'SingleModel',
    };
  });
}

/** Throws ValidationException unless the input has either a primary container or a pipeline of 1 to 15. */
export function checkContainers(input: Pick<Model, 'PrimaryContainer' | 'Containers'>): void {
  if (input.PrimaryContainer && input.Containers?.length) {
    throw validation('PrimaryContainer and Containers cannot both be specified.');
  }
  const containers = definitionsOf(input);
  if (containers.length < 1 || containers.length > 15) {
    throw validation(`A model has 1 to 15 containers, got: ${containers.length}`);
  }
  for (const container of containers) {
    if (container.ModelDataUrl !== undefined && container.ModelDataSource !== undefined) {
      throw validation('ModelDataUrl and ModelDataSource cannot both be specified for a container.');
    }
    if (container.Image === undefined && container.ModelPackageName === undefined) {
      throw validation('Either Image or ModelPackageName must be specified for a container.');
    }
  }
}
