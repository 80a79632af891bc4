import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { SagemakerEndpointBase } from '../endpoint-base';
import { areConcrete } from './tokens';

/** An endpoint that the app does not declare. */
export class ImportedEndpoint extends SagemakerEndpointBase {
  public readonly endpointName: string;
  public readonly endpointArn: string;
  /** @internal */
  public readonly _variantNames = undefined;

  constructor(scope: Construct, id: string, endpointName: string) {
    super(scope, id);
    this.endpointName = endpointName;
    this.endpointArn = Stack.of(this).formatArn({
      service: 'sagemaker',
      resource: 'endpoint',
      // The ARN contains the name in lower case, and IAM compares ARNs case-sensitively.
      resourceName: areConcrete(endpointName) ? endpointName.toLowerCase() : endpointName,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }
}
