import type { CustomResponse, CustomResponses } from '../custom-responses.ts';
import { ResourceFailure } from '../failure-reason.ts';
import type { Handle, Properties, Provider, ProviderContext } from '../provider.ts';
import { validationError } from '../template.ts';

const hour = 3_600_000;

type Request =
  | { readonly RequestType: 'Create' }
  | { readonly RequestType: 'Update'; readonly PhysicalResourceId: string; readonly OldResourceProperties: unknown }
  | { readonly RequestType: 'Delete'; readonly PhysicalResourceId: string };

/**
 * AWS::CloudFormation::CustomResource and `Custom::*`: the function of ServiceToken does the work and puts its answer to a one-time
 * address. It has ServiceTimeout seconds for that. @default 1 hour
 */
export function customResource(responses: CustomResponses): Provider {
  return {
    replacing: [],
    async create(properties, context) {
      // Known before the function answers: CloudFormation deletes under this id when no answer comes.
      const fallback = context.name({ maxLength: 255 });
      try {
        const response = await request(responses, { RequestType: 'Create' }, properties, context);
        return handleOf(response, response.PhysicalResourceId ?? fallback);
      } catch (error) {
        // When the function could not even be invoked, there is nothing to delete.
        if (!(error instanceof ResourceFailure)) throw error;
        const physicalId = error instanceof CustomResourceFailure ? error.response.PhysicalResourceId : undefined;
        context.identified({ physicalId: physicalId ?? fallback, attributes: {} });
        throw error;
      }
    },
    async update(handle, properties, old, context) {
      if (properties.ServiceToken !== old.ServiceToken)
        throw new ResourceFailure('Modifying service token is not allowed.');
      const { physicalId } = handle;
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

/** The function answered FAILED. */
class CustomResourceFailure extends ResourceFailure {
  readonly response: CustomResponse;

  constructor(response: CustomResponse, requestId: string) {
    super(
      `Received response status [FAILED] from custom resource. Message returned: ${response.Reason ?? 'No reason given'} (RequestId: ${requestId})`,
    );
    this.response = response;
  }
}

function handleOf(response: CustomResponse, physicalId: string): Handle {
  return { physicalId, attributes: response.Data ?? {} };
}

async function request(
  responses: CustomResponses,
  what: Request,
  properties: Properties,
  context: ProviderContext,
): Promise<CustomResponse> {
  const serviceToken = properties.ServiceToken;
  if (typeof serviceToken !== 'string' || !/^arn:[^:]+:lambda:/.test(serviceToken)) {
    throw validationError(
      `Invalid service token: the local runtime needs the ARN of a Lambda function, got ${JSON.stringify(serviceToken)}.`,
    );
  }
  const requestId = context.uuid();
  const { url, response, close } = responses.create();
  const event = {
    ...what,
    ServiceToken: serviceToken,
    ResponseURL: url,
    StackId: context.stackId,
    RequestId: requestId,
    LogicalResourceId: context.logicalId,
    ResourceType: context.resourceType,
    ResourceProperties: asTexts(properties),
  };
  try {
    await context.call('lambda', 'Invoke', {
      FunctionName: serviceToken,
      InvocationType: 'Event',
      Payload: new TextEncoder().encode(JSON.stringify(event)),
    });
    const answer = await inTime(response, properties, context, requestId);
    if (answer.Status === 'FAILED') throw new CustomResourceFailure(answer, requestId);
    return answer;
  } finally {
    close();
  }
}

function inTime(
  response: Promise<CustomResponse>,
  properties: Properties,
  context: ProviderContext,
  requestId: string,
): Promise<CustomResponse> {
  const seconds = Number(properties.ServiceTimeout ?? Number.NaN);
  return new Promise((resolve, reject) => {
    const stops: (() => void)[] = [];
    const settle = (act: () => void) => {
      for (const stop of stops) stop();
      act();
    };
    stops.push(
      context.clock.schedule(Number.isNaN(seconds) ? hour : seconds * 1000, () =>
        settle(() => reject(new ResourceFailure(noResponse(requestId)))),
      ),
    );
    stops.push(context.onCancel(() => settle(() => reject(new ResourceFailure('Resource creation cancelled')))));
    void response.then((answer) => settle(() => resolve(answer)));
  });
}

const noResponse = (requestId: string) =>
  `CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [${requestId}]. If you are using the Python cfn-response module, you may need to update your Lambda function code so that CloudFormation can attach the updated version.`;

/** CloudFormation hands every scalar to a custom resource as text. */
function asTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asTexts);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asTexts(item)]));
  }
  return value === null || value === undefined ? value : String(value);
}
