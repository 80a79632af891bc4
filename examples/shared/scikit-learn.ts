import { Stack, Token } from 'aws-cdk-lib';
import type { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { Fact } from 'aws-cdk-lib/region-info';
import type { Construct } from 'constructs';
import { SCIKIT_LEARN_ACCOUNTS, SCIKIT_LEARN_ENVIRONMENT, SCIKIT_LEARN_IMAGE } from './scikit-learn-image.ts';

const FACT = 'scikitLearnRepositoryAccount';

/**
 * A container with AWS's own image for scikit-learn, which serves archives with `code/inference.py`.
 *
 * Throws if the stack's region is known and has no such image; otherwise, the deployment to such a region fails.
 */
export function scikitLearnContainer(scope: Construct, modelDataUrl: string): ScikitLearnContainer {
  const stack = Stack.of(scope);
  if (!Token.isUnresolved(stack.region) && SCIKIT_LEARN_ACCOUNTS[stack.region] === undefined) {
    throw new Error(
      `AWS has no image ${SCIKIT_LEARN_IMAGE} in the region ${stack.region}. Use an image of yours, or one of the regions ` +
        `${Object.keys(SCIKIT_LEARN_ACCOUNTS).join(', ')}.`,
    );
  }
  for (const [region, value] of Object.entries(SCIKIT_LEARN_ACCOUNTS))
    Fact.register({ region, name: FACT, value }, true);
  return {
    image: `${stack.regionalFact(FACT)}.dkr.ecr.${stack.region}.${stack.urlSuffix}/${SCIKIT_LEARN_IMAGE}`,
    environment: SCIKIT_LEARN_ENVIRONMENT,
    modelDataUrl,
  };
}

/** The container's settings. */
export interface ScikitLearnContainer extends CfnModel.ContainerDefinitionProperty {
  readonly environment: Readonly<Record<string, string>>;
}
