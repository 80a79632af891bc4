import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { EVENT_SOURCE, EVENT_TYPES } from '@freshpoint/cdk/contract';
import type { EventBus } from '../ports.ts';
import { type Client, send } from './client.ts';

/** Events on the default bus. Deployments are CloudFormation's to publish. */
export function eventBridgeBus(client: Client): EventBus {
  return {
    async publish(endpoint, endpointName, events) {
      const entries = events.flatMap((event) => {
        if (event.type === 'deployed') return [];
        const { type, ...rest } = event;
        const Detail = JSON.stringify({ endpoint, endpointName, ...rest, sources: undefined });
        return { Source: EVENT_SOURCE, DetailType: EVENT_TYPES[type], Detail };
      });
      if (entries.length === 0) return;
      const output = await send(client, new PutEventsCommand({ Entries: entries }));
      if (output.FailedEntryCount) {
        const { ErrorCode, ErrorMessage } = output.Entries?.find((entry) => entry.ErrorCode) ?? {};
        throw new Error(`PutEvents rejected an event: ${ErrorCode} ${ErrorMessage}`);
      }
    },
  };
}
