import { PutEventsCommand, type PutEventsResponse } from '@aws-sdk/client-eventbridge';
import { EVENT_SOURCE, EVENT_TYPES } from '@freshpoint/cdk/contract';
import type { Events } from '../ports.ts';
import type { Client } from './client.ts';

/** Events on the default bus. */
export function eventBridgeEvents(client: Client): Events {
  return {
    async tell(endpoint, endpointName, tellings) {
      const ours = tellings.flatMap(({ what, sources: _, ...detail }) => (what === 'deployed' ? [] : { what, detail }));
      if (ours.length === 0) return;
      const output: PutEventsResponse = await client.send(
        new PutEventsCommand({
          Entries: ours.map(({ what, detail }) => ({
            Source: EVENT_SOURCE,
            DetailType: EVENT_TYPES[what],
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
