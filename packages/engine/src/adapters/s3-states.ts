import { type EndpointStore, stateKey } from '@freshpoint/cdk/contract';
import { EngineError, StateConflict } from '../errors.ts';
import { type EndpointState, parseState } from '../policy/state.ts';
import type { EndpointStates } from '../ports.ts';
import type { Client } from './client.ts';
import { readText, writeText } from './s3-json.ts';

/**
 * States in S3 objects, written by compare-and-set. `newId` makes each write unique: an ETag is a digest, and the same
 * bytes written again would have the same one.
 */
export function s3States(client: Client, newId: () => string): EndpointStates {
  return {
    async read(store) {
      const address = addressOf(store);
      const found = await readText(client, address);
      return found && { state: parse(uriOf(address), found.text), etag: found.etag };
    },
    async write(store, state, after) {
      const address = addressOf(store);
      const text = JSON.stringify({ ...state, writeId: newId() } satisfies EndpointState);
      const condition = after === undefined ? ({ IfNoneMatch: '*' } as const) : { IfMatch: after };
      const etag = await writeText(client, { ...address, text }, condition);
      if (etag === undefined) throw new StateConflict(uriOf(address));
      return etag;
    },
  };
}

function addressOf(store: EndpointStore) {
  return { Bucket: store.bucket, Key: stateKey(store) };
}

function uriOf({ Bucket, Key }: ReturnType<typeof addressOf>): string {
  return `s3://${Bucket}/${Key}`;
}

function parse(uri: string, text: string): EndpointState {
  try {
    return parseState(text);
  } catch (error) {
    const todo = 'Delete the object: the controller rebuilds the state.';
    throw new EngineError('STATE_UNREADABLE', `${uri}: ${(error as Error).message}. ${todo}`, error);
  }
}
