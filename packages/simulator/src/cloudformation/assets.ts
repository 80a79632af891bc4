/** The file or folder of an asset. */
export interface AssetLookup {
  readonly path: string;
}

/** Assets by hash. */
export type Assets = ReadonlyMap<string, AssetLookup>;

/** The hash in an object key of CDK's assets bucket: `prefix/<hash>.zip` → `<hash>`. */
export function assetHash(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1).replace(/\..*$/, '');
}
