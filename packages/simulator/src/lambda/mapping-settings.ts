import type { UpdateEventSourceMappingRequest } from '@aws-sdk/client-lambda';
import { checkRange, invalidMember, invalidParameter } from './errors.ts';

/** Settings of an event source mapping, with defaults for those that the requests left out. */
export interface MappingSettings {
  readonly enabled: boolean;
  readonly batchSize: number;
  /** Seconds. */
  readonly windowSeconds: number;
  readonly reportBatchItemFailures: boolean;
  /** @default undefined, Lambda decides */
  readonly maximumConcurrency: number | undefined;
}

/** The members of CreateEventSourceMapping and UpdateEventSourceMapping that make up the settings. */
type MappingSettingsInput = Pick<
  UpdateEventSourceMappingRequest,
  | 'Enabled'
  | 'BatchSize'
  | 'MaximumBatchingWindowInSeconds'
  | 'FunctionResponseTypes'
  | 'ScalingConfig'
  | 'FilterCriteria'
>;

/** Merges `input` into `before`, or into the defaults of a standard queue. Throws AwsError. */
export function mergeMappingSettings(input: MappingSettingsInput, before?: MappingSettings): MappingSettings {
  if ((input.FilterCriteria?.Filters?.length ?? 0) > 0) {
    throw invalidParameter('The local runtime does not simulate FilterCriteria.');
  }
  const settings: MappingSettings = {
    enabled: input.Enabled ?? before?.enabled ?? true,
    batchSize: input.BatchSize ?? before?.batchSize ?? 10,
    windowSeconds: input.MaximumBatchingWindowInSeconds ?? before?.windowSeconds ?? 0,
    reportBatchItemFailures: input.FunctionResponseTypes
      ? input.FunctionResponseTypes.includes('ReportBatchItemFailures')
      : (before?.reportBatchItemFailures ?? false),
    // An empty ScalingConfig removes the limit.
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
  if (settings.batchSize > 10 && settings.windowSeconds < 1) {
    throw invalidParameter(
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    );
  }
  return settings;
}
