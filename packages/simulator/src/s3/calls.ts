import type { S3 } from '@aws-sdk/client-s3';
import type { Caller } from '../core/cloud.ts';
import type { Inputs } from '../core/operations.ts';
import type { Bucket } from './model.ts';

/** The input of an operation. */
export type Input<Name extends keyof Inputs<S3>> = Inputs<S3>[Name];

/** A call of an operation. */
export interface S3Call<I = object> {
  readonly input: I;
  readonly caller: Caller;
  /** The bucket that the input names, as it is now. Reading it throws NoSuchBucket. */
  readonly bucket: Bucket;
}

/** Operations by name. Each is atomic between awaits. */
export type Operations = {
  readonly [Name in keyof Inputs<S3>]?: (call: S3Call<Input<Name>>) => object | Promise<object>;
};
