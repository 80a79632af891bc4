import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { specParameterName } from '../contract';

/** Creates the SSM parameter with the endpoint's spec, in JSON. */
export function createSpecParameter(scope: Construct, endpointId: string, spec: string): CfnParameter {
  return new CfnParameter(scope, 'Spec', {
    type: 'String',
    // The standard tier is free and holds 4 KB. Only a spec with many sources needs the advanced tier.
    tier: 'Intelligent-Tiering',
    description: 'Freshpoint: what the stack declares about the endpoint',
    name: specParameterName(endpointId),
    value: spec,
  });
}
