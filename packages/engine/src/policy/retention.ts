import { DEFAULT_RETAIN_REVISIONS, type EndpointSpec } from '@freshpoint/cdk/contract';
import { type EndpointState, servedRevision } from './state.ts';

/** Whether the revision store has the revision, as far as the state knows. */
export function isStored({ stored }: EndpointState, revision: string): boolean {
  return stored?.includes(revision) ?? false;
}

/**
 * The stored revisions that stay when `staged` is staged: `staged`, the serving one, the pinned one, and of the others
 * those that served last. Pure.
 */
export function retainedRevisions(
  { serving, pin, stored = [] }: EndpointState,
  staged: string,
  { retainRevisions = DEFAULT_RETAIN_REVISIONS }: Pick<EndpointSpec, 'retainRevisions'>,
): readonly string[] {
  const needed = [staged, serving && servedRevision(serving), pin?.revision];
  const kept = new Set(stored.filter((revision) => needed.includes(revision)));
  const capacity = stored.includes(staged) ? retainRevisions : retainRevisions - 1;
  for (const revision of stored) if (kept.size < capacity) kept.add(revision);
  return stored.filter((revision) => kept.has(revision));
}

/** The state with the revision in the store. One that is stored newly comes last until it has served. */
export function withStored(state: EndpointState, revision: string): EndpointState {
  return isStored(state, revision) ? state : { ...state, stored: [...(state.stored ?? []), revision] };
}

/** The state without the revision in the store. */
export function withoutStored(state: EndpointState, revision: string): EndpointState {
  return { ...state, stored: state.stored?.filter((each) => each !== revision) };
}

/** The state in which the revision has served last. */
export function servedLast(state: EndpointState, revision: string | undefined): EndpointState {
  const { stored } = state;
  if (revision === undefined || !stored?.includes(revision)) return state;
  return { ...state, stored: [revision, ...stored.filter((each) => each !== revision)] };
}
