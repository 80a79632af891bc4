/** Asset hash → where its file or folder lies. */
export type Assets = ReadonlyMap<string, { readonly path: string }>;

/** Where one asset lies. */
export interface AssetLookup {
  readonly path: string;
}

/** The hash in an object key of CDK's assets bucket: `prefix/<hash>.zip` → `<hash>`. */
export function assetHash(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1).replace(/\..*$/, '');
}
