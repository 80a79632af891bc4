/** An SDK output without the SDK's own metadata. */
export type SdkOutput<T> = Omit<T, '$metadata'>;
