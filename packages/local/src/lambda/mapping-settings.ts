import { checkRange, invalidMember, invalidParameter } from './errors.ts';

/** What an event source mapping can be told, defaults filled in. */
export interface MappingSettings {
  readonly enabled: boolean;
  readonly batchSize: number;
  /** Seconds. */
  readonly windowSeconds: number;
  readonly reportBatchItemFailures: boolean;
  /** @default undefined: as many as Lambda likes */
  readonly maximumConcurrency: number | undefined;
}

/** The members of CreateEventSourceMapping and UpdateEventSourceMapping that make up the settings. */
export interface MappingSettingsInput {
  readonly Enabled?: boolean;
  readonly BatchSize?: number;
  readonly MaximumBatchingWindowInSeconds?: number;
  readonly FunctionResponseTypes?: string[];
  readonly ScalingConfig?: { readonly MaximumConcurrency?: number };
  readonly FilterCriteria?: { readonly Filters?: unknown[] };
  readonly ProvisionedPollerConfig?: unknown;
}

/** Settings after `input` over `before` (absent: over the defaults of an SQS queue). Throws AwsError. */
export function mergeMappingSettings(
  input: MappingSettingsInput,
  fifo: boolean,
  before?: MappingSettings,
): MappingSettings {
  if ((input.FilterCriteria?.Filters?.length ?? 0) > 0) {
    throw invalidParameter('FilterCriteria is not simulated by the local runtime.');
  }
  const settings: MappingSettings = {
    enabled: input.Enabled ?? before?.enabled ?? true,
    batchSize: input.BatchSize ?? before?.batchSize ?? 10,
    windowSeconds: input.MaximumBatchingWindowInSeconds ?? before?.windowSeconds ?? 0,
    reportBatchItemFailures: input.FunctionResponseTypes
      ? input.FunctionResponseTypes.includes('ReportBatchItemFailures')
      : (before?.reportBatchItemFailures ?? false),
    // An empty ScalingConfig takes the limit away.
    maximumConcurrency: input.ScalingConfig ? input.ScalingConfig.MaximumConcurrency : before?.maximumConcurrency,
  };
  for (const type of input.FunctionResponseTypes ?? []) {
    if (type !== 'ReportBatchItemFailures') {
      throw invalidMember(type, 'functionResponseTypes', 'satisfy enum value set: [ReportBatchItemFailures]');
    }
  }
  checkRange(settings.batchSize, 'batchSize', 1, 10_000);
  checkRange(settings.windowSeconds, 'maximumBatchingWindowInSeconds', 0, 300);
  if (settings.maximumConcurrency !== undefined) {
    checkRange(settings.maximumConcurrency, 'scalingConfig.maximumConcurrency', 2, 1_000);
  }
  if (fifo && settings.windowSeconds > 0) throw invalidParameter('Batching window is not supported for FIFO queues');
  if (fifo && settings.batchSize > 10) {
    throw invalidMember(settings.batchSize, 'batchSize', 'have value less than or equal to 10');
  }
  if (settings.batchSize > 10 && settings.windowSeconds < 1) {
    throw invalidParameter(
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    );
  }
  return settings;
}
