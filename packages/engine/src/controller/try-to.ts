import type { EndpointContext } from './pass.ts';

/**
 * What the call returns; undefined after an error, which is logged: the pass continues without. `seconds`: until it is
 * called again, where that is known.
 */
export async function tryTo<Found>(
  { ports, endpoint }: EndpointContext,
  call: () => Promise<Found>,
  seconds = 0,
): Promise<Found | undefined> {
  try {
    return await call();
  } catch (error) {
    ports.telemetry.error(endpoint, error, seconds);
    return undefined;
  }
}
