import { Token } from 'aws-cdk-lib';
import type { CfnModelProps } from 'aws-cdk-lib/aws-sagemaker';
import { type Container, containersOf, dataReferencesOf, mapContainers, withDataUrl } from './containers';
import { SourceUrl, sourceUrlOf } from './source-url';

/** The props, in which each container that loads data of a model package has the URL of its own container there. */
export function withPackageContainers(props: CfnModelProps): CfnModelProps {
  const count = containersOf(props).length;
  return mapContainers(props, (container, index) => {
    const chosen = sourceUrlOf(dataReferencesOf(container)[0]?.url);
    if (!chosen || !('packageGroup' in chosen.source)) return container;
    // A single container needs no name to be found.
    const hostname = count > 1 ? hostnameOf(container) : undefined;
    const source = { ...chosen.source, container: { index, count, ...(hostname !== undefined && { hostname }) } };
    return withDataUrl(container, Token.asString(new SourceUrl(source, chosen.bucket, chosen.targets)));
  });
}

function hostnameOf({ containerHostname }: Container): string | undefined {
  return Token.isUnresolved(containerHostname) ? undefined : containerHostname;
}
