import type { S3 } from '@aws-sdk/client-s3';
import type { Caller } from '../core/cloud.ts';
import type { Bucket } from './model.ts';

/** The inputs of the API's operations, as the SDK's client takes them. */
type Inputs = {
  [Name in keyof S3 as Capitalize<Name>]: S3[Name] extends (input: infer I, ...rest: never) => unknown ? I : never;
};

/** The input of an operation. */
export type Input<Name extends keyof Inputs> = Inputs[Name];

/** A call of an operation. */
export interface S3Call<I = object> {
  readonly input: I;
  readonly caller: Caller;
  /** The bucket that the input names, as it is now. Reading it throws NoSuchBucket. */
  readonly bucket: Bucket;
}

/** Operations by name. Each is atomic between awaits. */
export type Operations = {
  readonly [Name in keyof Inputs]?: (call: S3Call<Inputs[Name]>) => object | Promise<object>;
};
