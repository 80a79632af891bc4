import { SCIKIT_LEARN_ACCOUNTS, SCIKIT_LEARN_IMAGE } from '@freshpoint-examples/shared/scikit-learn-image';
import { RegionInfo } from 'aws-cdk-lib/region-info';

/** AWS's scikit-learn container in a region. Undefined if none is known there; other partitions are left out. */
export function sklearnImage(region: string): string | undefined {
  const registry = SCIKIT_LEARN_ACCOUNTS[region];
  if (registry === undefined || RegionInfo.get(region).partition !== 'aws') return undefined;
  return `${registry}.dkr.ecr.${region}.amazonaws.com/${SCIKIT_LEARN_IMAGE}`;
}
