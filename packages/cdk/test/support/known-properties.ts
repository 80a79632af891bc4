/**
 * How the construct treats a property. `setting`: passed on, and a deployment that changes it updates the endpoint.
 * `name`: replaced by a name with a suffix. `tags`: passed on, and nothing is replaced when they change. `dropped`: not
 * passed on, for the reason given in a comment.
 */
export type Treatment = 'setting' | 'name' | 'tags' | 'dropped';

export type Known = Readonly<Record<string, Treatment>>;

const below = (prefix: string, names: readonly string[]): readonly string[] => names.map((name) => `${prefix}${name}`);
const settings = (names: readonly string[]): Known =>
  Object.fromEntries(names.map((name): [string, Treatment] => [name, 'setting']));

const TAGS: Known = { 'tags[].key': 'tags', 'tags[].value': 'tags' };

const CONTAINER = [
  'containerHostname',
  'environment',
  'image',
  'imageConfig.repositoryAccessMode',
  'imageConfig.repositoryAuthConfig.repositoryCredentialsProviderArn',
  'inferenceSpecificationName',
  'mode',
  'modelDataSource.s3DataSource.compressionType',
  'modelDataSource.s3DataSource.s3DataType',
  'modelDataSource.s3DataSource.s3Uri',
  'modelDataSource.s3DataSource.hubAccessConfig.hubContentArn',
  'modelDataSource.s3DataSource.modelAccessConfig.acceptEula',
  'modelDataUrl',
  'modelPackageName',
  'multiModelConfig.modelCacheSetting',
];

const VARIANT = [
  'variantName',
  'acceleratorType',
  'capacityReservationConfig.capacityReservationPreference',
  'capacityReservationConfig.mlReservationArn',
  'containerStartupHealthCheckTimeoutInSeconds',
  'enableSsmAccess',
  'inferenceAmiVersion',
  'initialInstanceCount',
  'initialVariantWeight',
  'instancePools[].instanceType',
  'instancePools[].priority',
  'instancePools[].modelNameOverride',
  'instanceType',
  'managedInstanceScaling.maxInstanceCount',
  'managedInstanceScaling.minInstanceCount',
  'managedInstanceScaling.status',
  'modelDataDownloadTimeoutInSeconds',
  'modelName',
  'routingConfig.routingStrategy',
  'serverlessConfig.maxConcurrency',
  'serverlessConfig.memorySizeInMb',
  'serverlessConfig.provisionedConcurrency',
  'variantInstanceProvisionTimeoutInSeconds',
  'volumeSizeInGb',
];

/** The properties of the L1 props whose treatment by the construct has been checked. */
export const KNOWN: Readonly<Record<'CfnModelProps' | 'CfnEndpointConfigProps' | 'CfnEndpointProps', Known>> = {
  CfnModelProps: {
    ...TAGS,
    modelName: 'name',
    ...settings([
      ...below('primaryContainer.', CONTAINER),
      ...below('containers[].', CONTAINER),
      'enableNetworkIsolation',
      'executionRoleArn',
      'inferenceExecutionConfig.mode',
      'vpcConfig.securityGroupIds',
      'vpcConfig.subnets',
    ]),
  },
  CfnEndpointConfigProps: {
    ...TAGS,
    endpointConfigName: 'name',
    ...settings([
      ...below('productionVariants[].', VARIANT),
      ...below('shadowProductionVariants[].', VARIANT),
      'asyncInferenceConfig.outputConfig.kmsKeyId',
      'asyncInferenceConfig.outputConfig.notificationConfig.errorTopic',
      'asyncInferenceConfig.outputConfig.notificationConfig.includeInferenceResponseIn',
      'asyncInferenceConfig.outputConfig.notificationConfig.successTopic',
      'asyncInferenceConfig.outputConfig.s3FailurePath',
      'asyncInferenceConfig.outputConfig.s3OutputPath',
      'asyncInferenceConfig.clientConfig.maxConcurrentInvocationsPerInstance',
      'dataCaptureConfig.captureOptions[].captureMode',
      'dataCaptureConfig.destinationS3Uri',
      'dataCaptureConfig.initialSamplingPercentage',
      'dataCaptureConfig.captureContentTypeHeader.csvContentTypes',
      'dataCaptureConfig.captureContentTypeHeader.jsonContentTypes',
      'dataCaptureConfig.enableCapture',
      'dataCaptureConfig.kmsKeyId',
      'enableNetworkIsolation',
      'executionRoleArn',
      'explainerConfig.clarifyExplainerConfig.shapConfig.shapBaselineConfig.mimeType',
      'explainerConfig.clarifyExplainerConfig.shapConfig.shapBaselineConfig.shapBaseline',
      'explainerConfig.clarifyExplainerConfig.shapConfig.shapBaselineConfig.shapBaselineUri',
      'explainerConfig.clarifyExplainerConfig.shapConfig.numberOfSamples',
      'explainerConfig.clarifyExplainerConfig.shapConfig.seed',
      'explainerConfig.clarifyExplainerConfig.shapConfig.textConfig.granularity',
      'explainerConfig.clarifyExplainerConfig.shapConfig.textConfig.language',
      'explainerConfig.clarifyExplainerConfig.shapConfig.useLogit',
      'explainerConfig.clarifyExplainerConfig.enableExplanations',
      'explainerConfig.clarifyExplainerConfig.inferenceConfig.contentTemplate',
      'explainerConfig.clarifyExplainerConfig.inferenceConfig.featureHeaders',
      'explainerConfig.clarifyExplainerConfig.inferenceConfig.featuresAttribute',
      'explainerConfig.clarifyExplainerConfig.inferenceConfig.featureTypes',
      'explainerConfig.clarifyExplainerConfig.inferenceConfig.labelAttribute',
      'explainerConfig.clarifyExplainerConfig.inferenceConfig.labelHeaders',
      'explainerConfig.clarifyExplainerConfig.inferenceConfig.labelIndex',
      'explainerConfig.clarifyExplainerConfig.inferenceConfig.maxPayloadInMb',
      'explainerConfig.clarifyExplainerConfig.inferenceConfig.maxRecordCount',
      'explainerConfig.clarifyExplainerConfig.inferenceConfig.probabilityAttribute',
      'explainerConfig.clarifyExplainerConfig.inferenceConfig.probabilityIndex',
      'kmsKeyId',
      'vpcConfig.securityGroupIds',
      'vpcConfig.subnets',
    ]),
  },
  CfnEndpointProps: {
    ...TAGS,
    endpointName: 'name',
    // The endpoint gets the config that the construct makes.
    endpointConfigName: 'dropped',
    ...settings([
      'deploymentConfig.autoRollbackConfiguration.alarms[].alarmName',
      'deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration.type',
      'deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration.canarySize.type',
      'deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration.canarySize.value',
      'deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration.linearStepSize.type',
      'deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration.linearStepSize.value',
      'deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration.waitIntervalInSeconds',
      'deploymentConfig.blueGreenUpdatePolicy.maximumExecutionTimeoutInSeconds',
      'deploymentConfig.blueGreenUpdatePolicy.terminationWaitInSeconds',
      'deploymentConfig.rollingUpdatePolicy.maximumBatchSize.type',
      'deploymentConfig.rollingUpdatePolicy.maximumBatchSize.value',
      'deploymentConfig.rollingUpdatePolicy.waitIntervalInSeconds',
      'deploymentConfig.rollingUpdatePolicy.maximumExecutionTimeoutInSeconds',
      'deploymentConfig.rollingUpdatePolicy.rollbackMaximumBatchSize.type',
      'deploymentConfig.rollingUpdatePolicy.rollbackMaximumBatchSize.value',
      'excludeRetainedVariantProperties[].variantPropertyType',
      'retainAllVariantProperties',
      'retainDeploymentConfig',
    ]),
  },
};
