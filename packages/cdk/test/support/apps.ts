import './placeholder-asset.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { afterAll, onTestFinished, TestRunner } from 'vitest';

/** An app whose cloud assembly is removed after the test or the suite, and that skips what no template shows. */
export function newApp(): App {
  const outdir = mkdtempSync(join(tmpdir(), 'freshpoint-cdk-test-'));
  const remove = () => rmSync(outdir, { recursive: true, force: true });
  if (TestRunner.getCurrentTest() === undefined) afterAll(remove);
  else onTestFinished(remove);
  return new App({
    outdir,
    analyticsReporting: false,
    treeMetadata: false,
    context: { 'aws:cdk:disable-asset-staging': true, 'aws:cdk:disable-stack-trace': true },
  });
}

export function newStack(id = 'Test'): Stack {
  return new Stack(newApp(), id);
}
