import './placeholder-asset.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { afterAll } from 'vitest';

let folder: string | undefined;
let apps = 0;

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** An app whose cloud assembly is removed after the test file, and that skips what no template shows. */
export function newApp(): App {
  folder ??= mkdtempSync(join(tmpdir(), 'freshpoint-cdk-test-'));
  return new App({
    outdir: join(folder, String(++apps)),
    analyticsReporting: false,
    treeMetadata: false,
    context: { 'aws:cdk:disable-asset-staging': true, 'aws:cdk:disable-stack-trace': true },
  });
}

export function newStack(id = 'Test'): Stack {
  return new Stack(newApp(), id);
}
