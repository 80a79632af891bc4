import { GetParametersCommand } from '@aws-sdk/client-ssm';
import { type EndpointSpec, specParameterName } from '@freshpoint/cdk/contract';
import { EngineError } from '../errors.ts';
import type { EndpointSpecs } from '../ports.ts';
import { type Client, send } from './client.ts';

/** Specs in SSM parameters, which CloudFormation writes. */
export function ssmSpecs(client: Client): EndpointSpecs {
  return {
    async read(endpoint) {
      const name = specParameterName(endpoint);
      const { Parameters = [] } = await send(client, new GetParametersCommand({ Names: [name] }));
      const { Value, LastModifiedDate } = Parameters.find(({ Name }) => Name === name) ?? {};
      return Value === undefined ? undefined : { ...parseSpec(name, Value), modified: Number(LastModifiedDate ?? 0) };
    },
  };
}

function parseSpec(name: string, value: string): EndpointSpec {
  try {
    const spec = JSON.parse(value) as EndpointSpec | null;
    if (spec?.version === 1) return spec;
  } catch (error) {
    throw new EngineError('SPEC_UNREADABLE', `SSM parameter ${name}: ${(error as Error).message}`, error);
  }
  const expected = `expected a JSON object with "version": 1, got: ${value.slice(0, 80)}. Deploy the stack again.`;
  throw new EngineError('SPEC_UNREADABLE', `SSM parameter ${name}: ${expected}`);
}
