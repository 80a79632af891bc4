import {
  type CostEstimate,
  EXPECTED_MINUTES,
  estimateCost,
  FLEET_TIMES,
  type InstanceType,
  PEAK_INSTANCES,
} from './cost.ts';
import type { RunNames } from './run-names.ts';
import type { Session } from './session.ts';

const dollars = (amount: number) => `$${amount.toFixed(2)}`;

/** What a run will make and cost, as lines. */
export function planOf(
  session: Session,
  names: RunNames,
  settings: { type: InstanceType; deadlineMinutes: number },
): string[] {
  const { type, deadlineMinutes } = settings;
  const cost: CostEstimate = estimateCost(type, deadlineMinutes);
  return [
    `Account ${session.accountId}, region ${session.region}. Everything is named ${names.prefix}…`,
    '',
    'This makes, and deletes again:',
    `  stack ${names.stack}: an endpoint that keeps itself fresh with its refresher, two buckets, a KMS key, an alarm,`,
    '    two roles and a model package group',
    `  stack ${names.rollbackStack}: an endpoint and parameters; its update is meant to fail`,
    `  endpoint ${names.spare}, with configs and models: it is updated six times`,
    '  log groups of the functions and endpoints',
    '',
    `Expected: ${EXPECTED_MINUTES} minutes, up to ${PEAK_INSTANCES} ${type} at a time (the quota of endpoint usage must allow them).`,
    ...FLEET_TIMES.map(({ part, instances, minutes }) => `  ${instances} × ${minutes} min  ${part}`),
    `  ${cost.instanceHours.toFixed(1)} instance hours: about ${dollars(cost.expectedDollars)} in us-east-1, requests and storage included`,
    `  at most ${dollars(cost.mostDollars)}, if all run to the deadline of ${deadlineMinutes} minutes`,
    '',
    'The assets of the stack stay in the CDK’s bootstrap bucket, which other stacks use too. The KMS key is deleted',
    'after seven days, in which it costs nothing.',
    '',
  ];
}
