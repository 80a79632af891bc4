const names = (list: string): readonly string[] => list.trim().split(/\s+/);

/**
 * Members of AWS's models that the local runtime refuses by name, at any depth of an input, because the caller would
 * get something else than was asked for. `Operation:Member` refuses it in that operation only.
 */
export const REFUSED_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  cloudformation: names(`
    DeletionMode DeploymentMode OnStackFailure ResourceTypes ResourcesToImport RollbackTriggers StackPolicyBody
    StackPolicyDuringUpdateBody StackPolicyDuringUpdateURL StackPolicyURL StackSetName TemplateSummaryConfig
    TimeoutInMinutes
  `),
  events: names(`EndpointId SqsParameters`),
  iam: names(`CreatePolicy:Tags PermissionsBoundary PolicyUsageFilter`),
  kms: names(`CustomKeyStoreId CustomerMasterKeySpec MultiRegion XksKeyId`),
  lambda: names(`
    AmazonManagedKafkaEventSourceConfig BisectBatchOnFunctionError CapacityProviderConfig ClientContext
    CodeSigningConfigArn DocumentDBEventSourceConfig DurableConfig DurableExecutionName EventSourceToken
    FunctionUrlAuthType InvokedViaFunctionUrl MaximumRecordAgeInSeconds MetricsConfig ParallelizationFactor
    PrincipalOrgID ProvisionedPollerConfig Publish PublishTo Queues S3ObjectStorageMode SelfManagedEventSource
    SelfManagedKafkaEventSourceConfig SourceAccessConfigurations SourceKMSKeyArn StartingPosition
    StartingPositionTimestamp TenancyConfig TenantId Topics TumblingWindowInSeconds UpdateFunctionCode:DryRun
  `),
  logs: names(`accountIdentifiers deletionProtectionEnabled includeLinkedAccounts logGroupIdentifiers`),
  s3: names(`
    BucketNamespace ChecksumMD5 ChecksumSHA512 ChecksumXXHASH128 ChecksumXXHASH3 ChecksumXXHASH64
    CopySourceSSECustomerAlgorithm CopySourceSSECustomerKey CopySourceSSECustomerKeyMD5 CreateBucket:Tags
    DataRedundancy GrantFullControl GrantRead GrantReadACP GrantWrite GrantWriteACP IfMatchInitiatedTime
    IfMatchLastModifiedTime IfMatchSize LastModifiedTime ObjectLockEnabledForBucket ObjectLockEventHold
    ObjectLockEventHoldDurationDays ObjectLockEventHoldDurationYears ObjectLockLegalHoldStatus ObjectLockMode
    ObjectLockRetainUntilDate SSECustomerAlgorithm SSECustomerKey SSECustomerKeyMD5 SSEKMSEncryptionContext
    WriteOffsetBytes
  `),
  sagemaker: names(`
    CreationTimeAfter CreationTimeBefore LastModifiedTimeAfter LastModifiedTimeBefore ModelPackageType
  `),
  sqs: names(`BinaryListValues StringListValues`),
  ssm: names(`Filters KeyId ParameterFilters Shared`),
  sts: names(`
    MinimumSessionTokenSize Policy PolicyArns ProvidedContexts SerialNumber SourceIdentity Tags TokenCode
    TransitiveTagKeys
  `),
};

/** Members that change nothing here, and that a caller need not miss. */
export const MEMBERS_WITHOUT_EFFECT: Readonly<Record<string, readonly string[]>> = {
  cloudformation: names(`
    CallAs ClientToken DisableValidation ImportExistingResources MonitoringTimeInMinutes RoleARN TemplateStage
    TreatUnrecognizedResourceTypesAsWarnings
  `),
  events: names(`Force RetryPolicy Tags TraceHeader`),
  kms: names(`BypassPolicyLockoutSafetyCheck GrantTokens PolicyName Tags`),
  lambda: names(`FunctionVersion MasterRegion`),
  logs: names(`entity interleaved sequenceToken tags unmask`),
  s3: names(`
    AnnotationDirective ConfirmRemoveSelfBucketAccess OptionalObjectAttributes
    RequestPayer SkipDestinationValidation
  `),
  sqs: names(`QueueOwnerAWSAccountId ReceiveRequestAttemptId`),
  ssm: names(`WithDecryption`),
};
