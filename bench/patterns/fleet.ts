/** What one instance in service loaded when it was launched. */
export interface LoadedInstance {
  readonly data: readonly { readonly etag: string }[];
}

/**
 * Whether a fleet serves the newest uploads: there is an instance, and every one loaded exactly these bytes. Judged by
 * ETags, which follow from the bytes and stay the same in a copy: where an approach keeps its model data, and under
 * which keys, is its own affair.
 */
export function servesNewest(instances: Iterable<LoadedInstance>, newestEtags: Iterable<string>): boolean {
  const newest = [...newestEtags].sort();
  const fleet = [...instances].map(({ data }) => data.map(({ etag }) => etag).sort());
  const isNewest = (etags: readonly string[]) =>
    etags.length === newest.length && etags.every((etag, index) => etag === newest[index]);
  return fleet.length > 0 && fleet.every(isNewest);
}
