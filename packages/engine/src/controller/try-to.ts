import { isTransient } from '../errors.ts';
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

/**
 * What the sources have; undefined if they cannot be read, as while a deployment changes the permissions, or once the
 * bucket is gone. Errors that pass are thrown: what is decided without the sources holds for good.
 */
export async function tryToRead<Found>(
  { ports, endpoint }: EndpointContext,
  read: () => Promise<Found>,
): Promise<Found | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isTransient(error)) throw error;
    ports.telemetry.error(endpoint, error, 0);
    return undefined;
  }
}
