import { Token } from 'aws-cdk-lib';
import type { ModelProps } from '../model-props';
import { withPackageContainers } from './package-containers';

/** One of `modelsProps`, with the names by which variants refer to it. */
export interface DeclaredModel {
  /** Id of the model's construct. */
  readonly id: string;
  /** `modelName`, or `props.modelName`. Absent: CloudFormation generates the name. */
  readonly givenName?: string;
  readonly declared: ModelProps;
}

export function declaredModels(modelsProps: readonly ModelProps[]): DeclaredModel[] {
  return modelsProps.map((declared, index) => {
    const givenName = declared.modelName ?? declared.props.modelName;
    const nameAsId = Token.isUnresolved(givenName) ? undefined : givenName;
    const id = declared.customId ?? nameAsId ?? `Model${index + 1}`;
    return { id, givenName, declared: { ...declared, props: withPackageContainers(declared.props) } };
  });
}

/** The model with this name, else the one with this construct id. */
export function findDeclaredModel<M extends DeclaredModel>(name: string, models: readonly M[]): M | undefined {
  return models.find((model) => model.givenName === name) ?? models.find((model) => model.id === name);
}
