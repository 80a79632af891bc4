import { type GateRequest, type InitialModelData, type ObjectSource, uriOf } from '@freshpoint/cdk/contract';
import type { SourcesView } from '../policy/observation.ts';
import type { PassBudget } from './budget.ts';
import { observeSources, type ReadContext, type SourcesReading } from './listing.ts';
import type { EndpointContext } from './pass.ts';

/** A pass that reads the sources of a deployment. */
export interface DeploymentReader extends EndpointContext {
  readonly budget: PassBudget;
  readonly request: GateRequest;
}

/** The sources of a deployment; `refused`: their initial data must not be served. */
export type DeploymentSources = SourcesReading | { readonly kind: 'refused'; readonly message: string };

/** Reads the sources of a deployment. Those without an object get their initial data first. */
export async function observeInitialized(reader: DeploymentReader, known: ReadContext): Promise<DeploymentSources> {
  const { request } = reader;
  const { initialData = [] } = request;
  const read = (): Promise<SourcesReading> => observeSources({ ...reader, requests: [] }, request, known);
  const found = await read();
  if (found.kind !== 'missing') return found;
  const missing = initialData.filter(({ to }) => found.uris.includes(uriOf(to)));
  if (missing.length === 0) return found;
  for (const each of missing) {
    const message = await copyInitialData(reader, each);
    if (message !== undefined) return { kind: 'refused', message };
  }
  return read();
}

/** Copies an asset to its source; or the reason why not. An object that was stored meanwhile stays. */
async function copyInitialData(
  { ports, budget }: DeploymentReader,
  { from, to }: InitialModelData,
): Promise<string | undefined> {
  const options = { isTimeUp: budget.isUp };
  const [asset] = filesOf(await ports.sources.observe([from], options));
  if (!asset) return `There is no asset at ${uriOf(from)}. Deploy with the CDK, which publishes it.`;
  const check = await ports.sources.check([asset], { ...options, whole: false });
  if (check.kind === 'refused') return `initialModelData cannot be loaded: ${check.message} Then deploy again.`;
  if ((await ports.created.copyAsset(asset, to, budget.isUp)) !== 'unfinished') return undefined;
  return `initialModelData is too large to be copied. Upload it to ${uriOf(to)}, then deploy again.`;
}

function filesOf(found: SourcesView | { readonly kind: 'unfinished' }) {
  return found.kind === 'complete' ? found.files : [];
}

/**
 * Removes what the refresher stored in the buckets that the stack creates, so that CloudFormation can delete them. Only
 * after a failed creation of the stack: everything in them is then from it.
 */
export async function removeCreated(
  { ports }: EndpointContext,
  { store, initialData = [] }: Pick<GateRequest, 'store' | 'initialData'>,
  createdBuckets: readonly string[],
): Promise<void> {
  const isCreated = ({ bucket }: Pick<ObjectSource, 'bucket'>) => createdBuckets.includes(bucket);
  if (isCreated(store)) await ports.created.removeStore(store);
  for (const { to } of initialData.filter((each) => isCreated(each.to))) await ports.created.removeAsset(to);
}
