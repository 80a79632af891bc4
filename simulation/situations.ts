/**
 * Situations that a batch of seeds must reach at least once: a simulation that never reaches one proves nothing about
 * it.
 */
export const SITUATIONS = [
  'upload while Updating',
  'upload while RollingBack',
  'upload during a deployment',
  'burst of files',
  'same bytes uploaded again',
  'earlier bytes uploaded again',
  'file deleted',
  'upload in parts',
  'source missing in a pass',
  'settling',
  'endless uploads, swapped by maxWaitTime',
  'event lost',
  'event duplicated',
  'event late',
  'message duplicated',
  'poll lost',
  'deletion of a finished message lost',
  'request sent by the sweep',
  'killed between recording an update and calling UpdateEndpoint',
  'killed after calling UpdateEndpoint, before its reply',
  'killed after the reply of UpdateEndpoint, before recording it',
  'function timed out',
  'UpdateEndpoint succeeded, reply lost',
  'update adopted from the state alone',
  'two passes at once',
  'two passes raced for one update',
  'write of the state lost a race',
  'state deleted by hand',
  'state with a quarantine deleted by hand',
  'suspended state deleted by hand',
  'state with a pin deleted by hand',
  'state rebuilt',
  'stale read of the endpoint',
  'answer from before the last swap',
  'accepted update not visible yet',
  'throttled',
  'throttled because of other traffic',
  'repeated by the SDK',
  'refused with a reason',
  'refused without a reason',
  'refused by an internal failure',
  'internal failure, then accepted',
  'quarantined after three tries',
  'broken model quarantined',
  'quarantined revision replaced by a good one',
  'update took hours',
  'UpdateRollbackFailed',
  'SystemUpdating',
  'scaled by autoscaling',
  'scaled count survived a swap',
  'canary settings survived a swap',
  'suspended with something to swap',
  'swapped after a suspension',
  'moved to the other slot by hand',
  'moved to an unknown config by hand',
  'stalled by an unknown config',
  'deployment with a request in the queue',
  'deployment moved the endpoint',
  'deployment changed the sources',
  'what served before a change of the sources serves after its rollback',
  'a second endpoint is there',
  'two endpoints at rest',
  'an endpoint was removed',
  'an endpoint was removed during a refresh',
  'deployment of settings only',
  'deployment of tags only',
  'old objects expired',
  'deployment during an update by the controller',
  'deployment rolled back with a request in the queue',
  'pass during a deployment',
  'refused before the endpoint was touched',
  'refused because a source was missing',
  'killed between the copies of a slot',
  'copy failed halfway',
  'source written while it was copied',
  'waited for a staging lease',
  'a deployment staged a slot',
  'a deployment kept the serving revision',
  'failed its smoke test',
  'did not answer its smoke test',
  'smoke tests waited for another pass',
  'UpdateEndpoint rejected by a quota',
  'refused for want of capacity',
  'refused for what others must mend',
  'tried for the fourth time or more',
  'published as stalled',
  'published as recovered',
  'killed during the smoke tests',
  'rolled back after a failed smoke test',
  'rolled back by a person',
  'rolled back by a person during an update',
  'rolled back by a person during a deployment',
  'retained revision staged',
  'metrics compared with the history',
  'at rest on a pinned revision',
  'pin ended by a newer upload',
  'newest upload serves at rest',
  'newest upload is quarantined at rest',
] as const;

/** Situations that seeds meet too rarely: stories reach them. */
const RARE_SITUATIONS = [
  'pin ended because its revision expired',
  'passed over by a pin',
  'a pin survived a change of the sources',
  'quarantined before and after a change of the sources',
  'pin ended because its revision lacks a source',
] as const;

/** Situations that seeds meet with layouts that are asked for by name, by whose names they are. */
const MARKER_SITUATIONS = ['settled, and waited for the marker'] as const;
const NAMED_SITUATIONS = {
  'an approved package': ['an earlier archive was chosen again'],
  'the newest below a prefix': ['an earlier archive was chosen again'],
  'a pointer': ['an earlier archive was chosen again', 'the archive of a pointer overwritten', 'a pointer to nothing'],
  'two files and a marker': MARKER_SITUATIONS,
  'a prefix with a marker': MARKER_SITUATIONS,
} as const;

export type NamedLayout = keyof typeof NAMED_SITUATIONS;

export type Situation =
  | (typeof SITUATIONS)[number]
  | (typeof RARE_SITUATIONS)[number]
  | (typeof NAMED_SITUATIONS)[NamedLayout][number];

/** The situations that enough seeds of a layout must reach; of all layouts that they draw. */
export function expectedSituations(layout: string | undefined): readonly Situation[] {
  return layout === undefined
    ? SITUATIONS
    : (Object.entries(NAMED_SITUATIONS).find(([name]) => name === layout)?.[1] ?? []);
}
