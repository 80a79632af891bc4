import './placeholder-asset.ts';
import { join } from 'node:path';
import { ASSEMBLY_FOLDER } from '@freshpoint/test-support/assembly-folder';
import { App, Stack } from 'aws-cdk-lib';

let apps = 0;

/** An app whose cloud assembly is removed after the test file, and that skips what no template shows. */
export function newApp(): App {
  return new App({
    outdir: join(ASSEMBLY_FOLDER, String(++apps)),
    analyticsReporting: false,
    treeMetadata: false,
    context: { 'aws:cdk:disable-asset-staging': true, 'aws:cdk:disable-stack-trace': true },
  });
}

export function newStack(id = 'Test'): Stack {
  return new Stack(newApp(), id);
}
