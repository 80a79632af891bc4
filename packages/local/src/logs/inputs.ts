/** Inputs of the CloudWatch Logs API, as far as the local runtime reads them. Times are epoch milliseconds. */

export interface LogGroupInput {
  readonly logGroupName?: string;
  /** Name or ARN. */
  readonly logGroupIdentifier?: string;
}

export interface LogStreamInput extends LogGroupInput {
  readonly logStreamName?: string;
}

export interface PutRetentionPolicyInput extends LogGroupInput {
  readonly retentionInDays?: number;
}

export interface DescribeLogGroupsInput extends LogGroupInput {
  readonly logGroupNamePrefix?: string;
}

export interface DescribeLogStreamsInput extends LogGroupInput {
  readonly logStreamNamePrefix?: string;
}

export interface PutLogEventsInput extends LogStreamInput {
  readonly logEvents?: readonly InputLogEvent[];
}

export interface InputLogEvent {
  readonly timestamp: number;
  readonly message: string;
}

export interface GetLogEventsInput extends LogStreamInput, TimeRange {
  readonly limit?: number;
  readonly nextToken?: string;
  readonly startFromHead?: boolean;
}

export interface FilterLogEventsInput extends LogGroupInput, TimeRange {
  readonly filterPattern?: string;
  readonly limit?: number;
  readonly logStreamNames?: readonly string[];
  readonly logStreamNamePrefix?: string;
}

/** From `startTime` up to, but not including, `endTime`. */
export interface TimeRange {
  readonly startTime?: number;
  readonly endTime?: number;
}
