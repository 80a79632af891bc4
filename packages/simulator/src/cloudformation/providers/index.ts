import type { CustomResponses } from '../custom-responses.ts';
import type { Provider } from '../provider.ts';
import { validationError } from '../template.ts';
import { customResource } from './custom-resource.ts';
import { eventsTypes } from './events.ts';
import { iamTypes } from './iam.ts';
import { kmsLogsAndSsmTypes } from './kms-logs-ssm.ts';
import { lambdaTypes } from './lambda.ts';
import { anyRecordedType, recordedTypes } from './record-only.ts';
import { REFUSED_TYPES } from './refused-types.ts';
import { s3Types } from './s3.ts';
import { type EndpointWaiting, sagemakerTypes } from './sagemaker.ts';
import { sqsTypes } from './sqs.ts';

/** Finds the provider of a type, first in `more`. Throws ValidationError if the local runtime refuses the type. */
export function providerTable(
  responses: Pick<CustomResponses, 'create'>,
  waiting: EndpointWaiting,
  more: Readonly<Record<string, Provider>>,
): (type: string) => Provider {
  const custom = customResource(responses);
  const simulated = [
    eventsTypes,
    iamTypes,
    kmsLogsAndSsmTypes,
    lambdaTypes,
    s3Types,
    sagemakerTypes(waiting),
    sqsTypes,
  ];
  const all = [...simulated, recordedTypes, more].flatMap((types) => Object.entries(types));
  const table = new Map<string, Provider>([['AWS::CloudFormation::CustomResource', custom], ...all]);
  return (type) => {
    const found = table.get(type);
    if (found) return found;
    if (REFUSED_TYPES.has(type))
      throw validationError(`The local runtime does not simulate the resource type ${type}.`);
    return type.startsWith('Custom::') ? custom : anyRecordedType(type);
  };
}
