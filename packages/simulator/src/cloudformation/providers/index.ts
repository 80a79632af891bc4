import type { CustomResponses } from '../custom-responses.ts';
import type { Provider } from '../provider.ts';
import { validationError } from '../template.ts';
import { customResource } from './custom-resource.ts';
import { eventsTypes } from './events.ts';
import { iamTypes } from './iam.ts';
import { kmsTypes } from './kms.ts';
import { lambdaTypes } from './lambda.ts';
import { logsTypes } from './logs.ts';
import { anyRecordedType, recordedTypes } from './record-only.ts';
import { isRefusedType } from './refused-types.ts';
import { s3Types } from './s3.ts';
import { type EndpointWaiting, sagemakerTypes } from './sagemaker.ts';
import { sqsTypes } from './sqs.ts';
import { ssmTypes } from './ssm.ts';

/** Finds the provider of a type, first in `more`. Throws ValidationError if the local runtime refuses the type. */
export function providerTable(
  responses: Pick<CustomResponses, 'create'>,
  waiting: EndpointWaiting,
  more: Readonly<Record<string, Provider>>,
): (type: string) => Provider {
  const custom = customResource(responses);
  const simulated = [eventsTypes, iamTypes, kmsTypes, lambdaTypes, logsTypes, s3Types, sagemakerTypes(waiting)];
  const all = [...simulated, sqsTypes, ssmTypes, recordedTypes, more].flatMap(Object.entries<Provider>);
  const table = new Map<string, Provider>([['AWS::CloudFormation::CustomResource', custom], ...all]);
  return (type) => {
    const found = table.get(type);
    if (found) return found;
    if (isRefusedType(type)) throw validationError(`The local runtime does not simulate the resource type ${type}.`);
    return type.startsWith('Custom::') ? custom : anyRecordedType;
  };
}
