import { Annotations, Resource, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { SourceSpec } from '../contract';
import type { SagemakerEndpointProps } from '../sagemaker-endpoint-props';
import type { DeclaredModel } from './declared-models';
import { hasInitialData } from './initial-data';
import { isInOtherAccount } from './location-validation';
import { isGroupInOtherAccount } from './model-package-group';
import { hasUnreadableVariants, usedModels } from './variants';

/** Adds a warning, or an info, for each setting that is risky but can work. */
export function reportRisks(
  endpoint: Construct,
  props: SagemakerEndpointProps,
  models: readonly DeclaredModel[],
  sources: readonly SourceSpec[],
): void {
  warnOfUnusedModels(endpoint, props, models);
  reportBucket(endpoint, props, sources);
  warnOfBucketInSameStack(endpoint, props, models);
  warnOfGroupsInOtherAccounts(endpoint, sources);
  if (!props.smokeTests?.length) {
    Annotations.of(endpoint).addInfoV2(
      '@freshpoint/cdk:noSmokeTests',
      'The endpoint has no smokeTests, so a revision serves as soon as its container is healthy, whatever it answers. ' +
        'Add a request with its expected answer.',
    );
  }
}

function warnOfUnusedModels(
  endpoint: Construct,
  { endpointConfigProps }: SagemakerEndpointProps,
  models: readonly DeclaredModel[],
): void {
  const { productionVariants, shadowProductionVariants } = endpointConfigProps;
  if ([productionVariants, shadowProductionVariants].some(hasUnreadableVariants)) return;
  const used = usedModels(endpointConfigProps, models);
  for (const { id } of models.filter((model) => !used.has(model))) {
    Annotations.of(endpoint).addWarningV2(
      '@freshpoint/cdk:unusedModel',
      `No variant uses the model "${id}" of modelsProps, so it is not served. Name it in modelName of a variant, or ` +
        'omit it.',
    );
  }
}

function reportBucket(
  endpoint: Construct,
  { modelsBucket, modelData }: SagemakerEndpointProps,
  sources: readonly SourceSpec[],
): void {
  const annotations = Annotations.of(endpoint);
  if (isInOtherAccount(endpoint, modelsBucket)) {
    annotations.addWarningV2(
      '@freshpoint/cdk:bucketInOtherAccount',
      `modelsBucket ("${modelsBucket.node.path}") belongs to account ${modelsBucket.env.account}, whose events do not ` +
        'reach this account, so only the sweep detects uploads. Forward its Object Created events to the default event ' +
        'bus of this account with a rule there.',
    );
  }
  if (Resource.isOwnedResource(modelsBucket)) return;
  const isRead = sources.some((each) => !('prefix' in each));
  if (!modelsBucket.encryptionKey && !modelData?._perSlot?.sourceKeys && isRead) {
    annotations.addInfoV2(
      '@freshpoint/cdk:unknownBucketKey',
      `modelsBucket ("${modelsBucket.node.path}") is imported without a KMS key. If it is encrypted with one, import it ` +
        'with Bucket.fromBucketAttributes and encryptionKey, so that the refresher may decrypt its objects.',
    );
  }
}

function warnOfGroupsInOtherAccounts(endpoint: Construct, sources: readonly SourceSpec[]): void {
  const groups = new Set(sources.flatMap((source) => ('packageGroup' in source ? source.packageGroup : [])));
  for (const group of groups) {
    if (!isGroupInOtherAccount(endpoint, group)) continue;
    Annotations.of(endpoint).addWarningV2(
      '@freshpoint/cdk:packageGroupInOtherAccount',
      `The model package group ${group} belongs to another account, whose events do not reach this account, so only ` +
        'the sweep detects approvals. Forward its SageMaker Model Package State Change events to the default event bus ' +
        'of this account with a rule there. The policy of the group must allow this account to call ' +
        'sagemaker:ListModelPackages and sagemaker:DescribeModelPackage.',
    );
  }
}

function warnOfBucketInSameStack(
  endpoint: Construct,
  { modelsBucket }: SagemakerEndpointProps,
  models: readonly DeclaredModel[],
): void {
  const stack = Stack.of(endpoint);
  if (!Resource.isOwnedResource(modelsBucket) || Stack.of(modelsBucket) !== stack) return;
  if (hasInitialData(models, modelsBucket, stack)) return;
  Annotations.of(endpoint).addWarningV2(
    '@freshpoint/cdk:bucketInSameStack',
    `modelsBucket ("${modelsBucket.node.path}") is in the endpoint's own stack, so its first deployment fails: the ` +
      'bucket is created with it and has no model data. Set initialModelData of each model to an Asset with an archive, ' +
      'or create the bucket in a stack of its own, and upload model data before you deploy this one.',
  );
}
