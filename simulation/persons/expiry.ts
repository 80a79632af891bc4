import { revisionsPrefix, slotsPrefix } from '@freshpoint/cdk/contract';
import type { PersonContext } from './person-context.ts';

/** A lifecycle rule of the data bucket: deletes old objects, but nothing that the endpoint may load. */
export function expireOldObjects(context: PersonContext, ageMs: number): void {
  const { world, oracle, journal } = context;
  const { view, ledger } = oracle;
  const { store } = view.spec();
  const { bucket: Bucket } = store;
  const live = new Set(view.configsInUse().flatMap((name) => view.modelDataOf(name).map(folderOf)));
  for (const { data } of world.running) for (const { uri } of data) live.add(folderOf(uri));
  const isOld = (modified: Date) => world.clock.now() - modified.getTime() >= ageMs;
  let expired = 0;
  for (const Prefix of [revisionsPrefix(store), slotsPrefix(store)]) {
    const { Contents = [] } = world.peek('s3', 'ListObjectsV2', { Bucket, Prefix });
    for (const { Key, LastModified } of Contents) {
      const isLive = [...live].some((folder) => `s3://${Bucket}/${Key}`.startsWith(folder));
      if (isLive || !isOld(LastModified)) continue;
      world.peek('s3', 'DeleteObject', { Bucket, Key });
      expired += 1;
    }
  }
  if (expired === 0) return;
  context.note(`${expired} old objects expire`);
  journal.reached('old objects expired');
  ledger.expiredAt.push(world.clock.now());
}

/** The slot's part of the URI of slot data: without the file's index and name. */
function folderOf(uri: string): string {
  return uri.split('/').slice(0, -2).join('/');
}
