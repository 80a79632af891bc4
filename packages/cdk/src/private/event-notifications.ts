import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { EVENT_SOURCE, EVENT_TYPES } from '../contract';
import type { SagemakerEndpointBase } from '../endpoint-base';
import { allowAlarmsToPublish } from './alarm-topic';

/** Sends a line of text to the topic for each event that a person should know of. */
export function notifyOfEvents(endpoint: SagemakerEndpointBase, topic: ITopic): void {
  const text = `${EventField.detailType} (${EventField.fromPath('$.detail.endpoint')}, endpoint ${EventField.fromPath(
    '$.detail.endpointName',
  )}, revision ${EventField.fromPath('$.detail.revision')}): ${EventField.fromPath('$.detail.message')}`;
  new Rule(endpoint, `Notify-${topic.node.addr.slice(-8)}`, {
    description: 'Freshpoint: notifies people of refused revisions and stalls',
    eventPattern: {
      source: [EVENT_SOURCE],
      detailType: [EVENT_TYPES.refused, EVENT_TYPES.stalled, EVENT_TYPES.recovered],
      detail: { endpointName: [endpoint.endpointName] },
    },
    targets: [new SnsTopic(topic, { message: RuleTargetInput.fromText(text) })],
  });
  allowAlarmsToPublish(endpoint, topic);
}
