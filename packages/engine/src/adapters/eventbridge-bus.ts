import { PutEventsCommand, type PutEventsResponse } from '@aws-sdk/client-eventbridge';
import { EVENT_SOURCE, EVENT_TYPES } from '@freshpoint/cdk/contract';
import type { EventBus } from '../ports.ts';
import type { Client } from './client.ts';

/** Events on the default bus. */
export function eventBridgeBus(client: Client): EventBus {
  return {
    async publish(endpoint, endpointName, events) {
      const ours = events.flatMap(({ type, sources: _, ...detail }) =>
        type === 'deployed' ? [] : { type: type, detail },
      );
      if (ours.length === 0) return;
      const output: PutEventsResponse = await client.send(
        new PutEventsCommand({
          Entries: ours.map(({ type, detail }) => ({
            Source: EVENT_SOURCE,
            DetailType: EVENT_TYPES[type],
            Detail: JSON.stringify({ endpoint, endpointName, ...detail }),
          })),
        }),
      );
      if (output.FailedEntryCount) {
        const { ErrorCode, ErrorMessage } = output.Entries?.find((entry) => entry.ErrorCode) ?? {};
        throw new Error(`PutEvents refused an event: ${ErrorCode} ${ErrorMessage}`);
      }
    },
  };
}
