import { isRecord } from '../../core/is-record.ts';
import type { CustomResponse, CustomResponses } from '../custom-responses.ts';
import { ResourceFailure } from '../failure-reason.ts';
import type { Handle, Properties, Provider, ProviderContext } from '../provider.ts';
import { validationError } from '../template.ts';

/** The time that a function has without ServiceTimeout. */
const DEFAULT_TIMEOUT_SECONDS = 3600;

type CustomResourceProperties = Properties & {
  readonly ServiceToken?: string;
  /** Seconds. */
  readonly ServiceTimeout?: number | string;
};

type CustomResourceRequest =
  | { readonly RequestType: 'Create' }
  | { readonly RequestType: 'Update'; readonly PhysicalResourceId: string; readonly OldResourceProperties: unknown }
  | { readonly RequestType: 'Delete'; readonly PhysicalResourceId: string };

/**
 * AWS::CloudFormation::CustomResource and `Custom::*`: the function of ServiceToken does the work and puts its response
 * to a one-time address, within ServiceTimeout seconds.
 */
export function customResource(responses: Pick<CustomResponses, 'create'>): Provider<CustomResourceProperties> {
  return {
    replacing: [],
    async create(properties, context) {
      // The id under which CloudFormation deletes the resource if the function never responds.
      const fallback = context.name({ maxLength: 255 });
      try {
        const response = await request(responses, { RequestType: 'Create' }, properties, context);
        return handleOf(response, response.PhysicalResourceId ?? fallback);
      } catch (error) {
        // If the function could not be invoked, there is nothing to delete.
        if (!(error instanceof ResourceFailure)) throw error;
        const physicalId = error instanceof CustomResourceFailure ? error.response.PhysicalResourceId : undefined;
        context.identified({ physicalId: physicalId ?? fallback, attributes: {} });
        throw error;
      }
    },
    async update({ physicalId }, properties, old, context) {
      if (properties.ServiceToken !== old.ServiceToken) {
        throw new ResourceFailure('Modifying service token is not allowed.');
      }
      const update = {
        RequestType: 'Update',
        PhysicalResourceId: physicalId,
        OldResourceProperties: asTexts(old),
      } as const;
      const response = await request(responses, update, properties, context);
      return handleOf(response, response.PhysicalResourceId ?? physicalId);
    },
    async delete({ physicalId }, properties, context) {
      await request(responses, { RequestType: 'Delete', PhysicalResourceId: physicalId }, properties, context);
    },
  };
}

/** The function responded FAILED. */
class CustomResourceFailure extends ResourceFailure {
  readonly response: CustomResponse;

  constructor(response: CustomResponse, requestId: string) {
    super(
      'Received response status [FAILED] from custom resource. ' +
        `Message returned: ${response.Reason ?? 'No reason given'} (RequestId: ${requestId})`,
    );
    this.response = response;
  }
}

function handleOf(response: CustomResponse, physicalId: string): Handle {
  return { physicalId, attributes: response.Data ?? {} };
}

async function request(
  responses: Pick<CustomResponses, 'create'>,
  customRequest: CustomResourceRequest,
  properties: CustomResourceProperties,
  context: ProviderContext,
): Promise<CustomResponse> {
  const { ServiceToken } = properties;
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
    await context.call('lambda', 'Invoke', {
      FunctionName: ServiceToken,
      InvocationType: 'Event',
      Payload: new TextEncoder().encode(JSON.stringify(event)),
    });
    const settled = await withinTimeout(response, { requestId, properties }, context);
    if (settled.Status === 'FAILED') throw new CustomResourceFailure(settled, requestId);
    return settled;
  } finally {
    close();
  }
}

function withinTimeout(
  response: Promise<CustomResponse>,
  { requestId, properties }: { readonly requestId: string; readonly properties: CustomResourceProperties },
  context: ProviderContext,
): Promise<CustomResponse> {
  const seconds = Number(properties.ServiceTimeout ?? Number.NaN);
  const timeoutMs = (Number.isNaN(seconds) ? DEFAULT_TIMEOUT_SECONDS : seconds) * 1000;
  return new Promise((resolve, reject) => {
    const stops: (() => void)[] = [];
    const settle = (act: () => void) => {
      for (const stop of stops) stop();
      act();
    };
    const fail = (message: string) => settle(() => reject(new ResourceFailure(message)));
    stops.push(context.clock.schedule(timeoutMs, () => fail(noResponse(requestId))));
    stops.push(context.onCancel(() => fail('Resource creation cancelled')));
    void response.then((settled) => settle(() => resolve(settled)));
  });
}

const noResponse = (requestId: string) =>
  'CloudFormation did not receive a response from your Custom Resource. ' +
  `Please check your logs for requestId [${requestId}]. If you are using the Python cfn-response module, ` +
  'you may need to update your Lambda function code so that CloudFormation can attach the updated version.';

/** CloudFormation passes every scalar to a custom resource as text. */
function asTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asTexts);
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asTexts(item)]));
  return value === null || value === undefined ? value : String(value);
}
