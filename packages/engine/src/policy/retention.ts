import { DEFAULT_RETAIN_REVISIONS, type EndpointSpec } from '@freshpoint/cdk/contract';
import type { EndpointState, StoredRevision } from './state.ts';

/** Whether the revision store has the revision, as far as the state knows. */
export function isStored({ stored }: EndpointState, revision: string): boolean {
  return stored?.some((each) => each.revision === revision) ?? false;
}

/**
 * The stored revisions that stay when `staged` is staged: the most recently served ones, `staged`, the serving one and
 * the pinned one. Pure.
 */
export function retainedRevisions(
  { serving, pin, stored = [] }: EndpointState,
  staged: string,
  { retainRevisions = DEFAULT_RETAIN_REVISIONS }: Pick<EndpointSpec, 'retainRevisions'>,
): readonly StoredRevision[] {
  const needed = new Set([staged, serving?.revision, serving?.slotRevision, pin?.revision]);
  const isNeeded = ({ revision }: StoredRevision) => needed.has(revision);
  const places = retainRevisions - stored.filter(isNeeded).length - (stored.some((each) => each.revision === staged) ? 0 : 1);
  const others = stored.filter((each) => !isNeeded(each)).slice(0, Math.max(0, places));
  return stored.filter((each) => isNeeded(each) || others.includes(each));
}

/** The state with the revision in the store. Newly stored revisions come last until they have served. */
export function withStored(state: EndpointState, revision: string): EndpointState {
  if (isStored(state, revision)) return state;
  return { ...state, stored: [...(state.stored ?? []), { revision }] };
}

/** The stored revisions once a revision serves: it comes first. */
export function servedLast(stored: readonly StoredRevision[] | undefined, revision: string | undefined) {
  const served = stored?.find((each) => each.revision === revision);
  return served && stored ? [served, ...stored.filter((each) => each !== served)] : stored;
}
