import type { ListedRecord, RefreshRecord } from '@freshpoint/engine/policy/history';

/** The id of an endpoint. */
export const ID = 'Iris/Endpoint';
/** Three revisions. */
export const [R1, R2, R3] = ['1', '2', '3'].map((digit) => digit.repeat(64)) as [string, string, string];
/** The record of a refresh. */
export const record = (revision: string, more: Partial<RefreshRecord> = {}): ListedRecord<RefreshRecord> => ({
  version: 1,
  outcome: 'succeeded',
  revision,
  slot: 'a',
  trigger: 'upload',
  at: '2026-11-01T12:00:00.000Z',
  seconds: 240,
  sources: [{ bucket: 'models', key: 'model.tar.gz', etag: 'e', size: 1, version: 'v' }],
  writtenAt: 1,
  ...more,
});
