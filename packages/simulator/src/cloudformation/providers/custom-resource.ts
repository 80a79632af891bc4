import { isRecord } from '../../core/is-record.ts';
import type { CustomResponse, CustomResponses } from '../custom-responses.ts';
import { ResourceFailure } from '../failures.ts';
import type { Handle, Properties, Provider, ProviderContext } from '../provider.ts';
import { validationError } from '../template.ts';

/** The time that a function has without ServiceTimeout. */
const DEFAULT_TIMEOUT_SECONDS = 3600;

type CustomResourceRequest =
  | { readonly RequestType: 'Create' }
  | { readonly RequestType: 'Update'; readonly PhysicalResourceId: string; readonly OldResourceProperties: unknown }
  | { readonly RequestType: 'Delete'; readonly PhysicalResourceId: string };

/**
 * AWS::CloudFormation::CustomResource and `Custom::*`: the function of ServiceToken does the work and puts its response
 * to a one-time address, within ServiceTimeout seconds.
 */
export function customResource(responses: Pick<CustomResponses, 'create'>): Provider {
  return {
    replacing: [],
    async create(properties, context) {
      // The id under which CloudFormation deletes the resource if the function never responds.
      const fallback = context.name({ maxLength: 255 });
      try {
        return handleOf(await request(responses, { RequestType: 'Create' }, properties, context), fallback);
      } catch (error) {
        // If the function could not be invoked, there is nothing to delete.
        if (error instanceof CustomResourceFailure) context.identified(handleOf(error.response, fallback));
        throw error;
      }
    },
    async update({ physicalId: PhysicalResourceId }, properties, old, context) {
      if (properties.ServiceToken !== old.ServiceToken) {
        throw new ResourceFailure('Modifying service token is not allowed.');
      }
      const update = { RequestType: 'Update', PhysicalResourceId, OldResourceProperties: asTexts(old) } as const;
      return handleOf(await request(responses, update, properties, context), PhysicalResourceId);
    },
    async delete({ physicalId }, properties, context) {
      await request(responses, { RequestType: 'Delete', PhysicalResourceId: physicalId }, properties, context);
    },
  };
}

/** The function was invoked, and failed or did not respond in time. */
class CustomResourceFailure extends ResourceFailure {
  readonly response: Partial<CustomResponse>;

  constructor(message: string, response: Partial<CustomResponse> = {}) {
    super(message);
    this.response = response;
  }
}

const handleOf = ({ PhysicalResourceId, Data = {}, Status }: Partial<CustomResponse>, physicalId: string): Handle => ({
  physicalId: PhysicalResourceId ?? physicalId,
  attributes: Status === 'SUCCESS' ? Data : {},
});

async function request(
  responses: Pick<CustomResponses, 'create'>,
  customRequest: CustomResourceRequest,
  properties: Properties,
  context: ProviderContext,
): Promise<CustomResponse> {
  const { ServiceToken, ServiceTimeout } = properties;
  if (typeof ServiceToken !== 'string' || !/^arn:[^:]+:lambda:/.test(ServiceToken)) {
    const got = JSON.stringify(ServiceToken);
    throw validationError(`Invalid service token: the local runtime needs the ARN of a Lambda function, got ${got}.`);
  }
  const requestId = context.uuid();
  const { url, response, close } = responses.create();
  const event = {
    ...customRequest,
    ServiceToken,
    ResponseURL: url,
    StackId: context.stackId,
    RequestId: requestId,
    LogicalResourceId: context.logicalId,
    ResourceType: context.resourceType,
    ResourceProperties: asTexts(properties),
  };
  try {
    const Payload = new TextEncoder().encode(JSON.stringify(event));
    await context.call('lambda', 'Invoke', { FunctionName: ServiceToken, InvocationType: 'Event', Payload });
    const settled = await withinTimeout(response, secondsOf(ServiceTimeout) * 1000, requestId, context);
    if (settled.Status === 'SUCCESS') return settled;
    const message = `Message returned: ${settled.Reason ?? 'No reason given'} (RequestId: ${requestId})`;
    throw new CustomResourceFailure(`Received response status [FAILED] from custom resource. ${message}`, settled);
  } finally {
    close();
  }
}

function secondsOf(timeout: unknown): number {
  const seconds = Number(timeout);
  return Number.isNaN(seconds) ? DEFAULT_TIMEOUT_SECONDS : seconds;
}

function withinTimeout(
  response: Promise<CustomResponse>,
  timeoutMs: number,
  requestId: string,
  { clock, onCancel }: ProviderContext,
): Promise<CustomResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<CustomResponse>();
  const fail = (message: string) => reject(new CustomResourceFailure(message));
  const noResponse =
    'CloudFormation did not receive a response from your Custom Resource. ' +
    `Please check your logs for requestId [${requestId}]. If you are using the Python cfn-response module, ` +
    'you may need to update your Lambda function code so that CloudFormation can attach the updated version.';
  const stops = [
    clock.schedule(timeoutMs, () => fail(noResponse)),
    onCancel(() => fail('Resource creation cancelled')),
  ];
  void response.then(resolve);
  return promise.finally(() => {
    for (const stop of stops) stop();
  });
}

/** CloudFormation passes every scalar to a custom resource as text. */
function asTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asTexts);
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asTexts(item)]));
  return value === null || value === undefined ? value : String(value);
}
