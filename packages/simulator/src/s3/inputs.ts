import type { S3 } from '@aws-sdk/client-s3';
import type { Caller } from '../core/cloud.ts';

/** The inputs of the API's operations, as the SDK's client takes them. */
type Inputs = {
  [Name in keyof S3 as Capitalize<Name>]: S3[Name] extends (input: infer I, ...rest: never) => unknown ? I : never;
};

/** The input of an operation. */
export type Input<Name extends keyof Inputs> = Inputs[Name];

/** Operations by name. Each is atomic between awaits. */
export type Operations = {
  readonly [Name in keyof Inputs]?: (input: Inputs[Name], caller: Caller) => object | Promise<object>;
};
