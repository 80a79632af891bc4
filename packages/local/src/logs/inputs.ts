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

export interface DescribeLogGroupsInput extends LogGroupInput, PageInput {
  /** A part of the name. */
  readonly logGroupNamePattern?: string;
  readonly logGroupNamePrefix?: string;
}

export interface DescribeLogStreamsInput extends LogGroupInput, PageInput {
  readonly orderBy?: string;
  readonly descending?: boolean;
  readonly logStreamNamePrefix?: string;
}

export interface PutLogEventsInput extends LogStreamInput {
  readonly logEvents?: readonly InputLogEvent[];
}

export interface InputLogEvent {
  readonly timestamp: number;
  readonly message: string;
}

export interface GetLogEventsInput extends LogStreamInput, TimeRange, PageInput {
  readonly startFromHead?: boolean;
}

export interface FilterLogEventsInput extends LogGroupInput, TimeRange, PageInput {
  readonly filterPattern?: string;
  readonly logStreamNames?: readonly string[];
  readonly logStreamNamePrefix?: string;
}

export interface PageInput {
  readonly limit?: number;
  readonly nextToken?: string;
}

/** From `startTime` up to, but not including, `endTime`. */
export interface TimeRange {
  readonly startTime?: number;
  readonly endTime?: number;
}
