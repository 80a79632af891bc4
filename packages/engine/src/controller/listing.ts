import { createHash } from 'node:crypto';
import type { EndpointSpec } from '@freshpoint/cdk/contract';
import type { SourcesView } from '../policy/observation.ts';
import type { SourceObject } from '../policy/source-object.ts';
import type { EndpointState, SourceListing } from '../policy/state.ts';
import type { Ports } from '../ports.ts';
import type { PassBudget } from './budget.ts';
import type { UnfinishedWork } from './unfinished.ts';

/** What reads the sources. */
export interface SourcesReader {
  readonly ports: Ports;
  readonly budget: PassBudget;
  /** Ids of the messages that the pass is for. */
  readonly requests: readonly string[];
}

/** What is known before the sources are read. */
export interface ReadContext {
  readonly state: EndpointState;
  /** LastModifiedTime of the endpoint, epoch ms. */
  readonly endpointModified: number;
  /** Objects that are taken for those of the sources that they belong to. */
  readonly instead?: readonly SourceObject[];
}

/** The sources, or how far their listing came when time was up: the state has to record it. */
export type SourcesReading = SourcesView | UnfinishedWork;

/** Reads the sources; continues the listing that the state records, if it is one of the same. */
export async function observeSources(
  { ports, budget, requests }: SourcesReader,
  { sources, data }: Pick<EndpointSpec, 'sources' | 'data'>,
  { state, endpointModified, instead }: ReadContext,
): Promise<SourcesReading> {
  const of = createHash('sha256').update(JSON.stringify(sources)).digest('hex');
  const isSame = state.listing?.of === of && state.listing.endpointModified === endpointModified;
  const before = isSame ? state.listing : undefined;
  const listing = before ? continued(before, requests) : { of, endpointModified, since: ports.now(), requests };
  const read = await ports.sources.observe(sources, {
    isTimeUp: budget.isUp,
    progress: before?.progress,
    ...(instead && { instead }),
    ...(data && { data }),
  });
  if (read.kind === 'unfinished') return unfinished({ ...listing, progress: read.progress });
  if (!before) return read;
  const { since, superseded } = listing as SourceListing;
  return { ...read, resumed: { since, ...(superseded && { isSuperseded: superseded }) } };
}

/** The listing, with whether a request came since it began. */
function continued(listing: SourceListing, requests: readonly string[]): SourceListing {
  const isNew = requests.some((id) => !listing.requests.includes(id));
  return isNew ? { ...listing, superseded: true } : listing;
}

function unfinished(listing: SourceListing): UnfinishedWork {
  const message = `The sources are being listed: ${listing.progress.objects} objects so far.`;
  return { kind: 'unfinished', reason: 'Listing', message, progress: { listing } };
}
