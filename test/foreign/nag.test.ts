import { join } from 'node:path';
import { ASSEMBLY_FOLDER } from '@freshpoint/test-support/assembly-folder';
import { adoptApp } from '@freshpoint-examples/adopt/adopt-app';
import { asyncApp } from '@freshpoint-examples/async/async-app';
import { canaryApp } from '@freshpoint-examples/canary/canary-app';
import { irisApp } from '@freshpoint-examples/iris/iris-app';
import { llmApp } from '@freshpoint-examples/llm/llm-app';
import { pipelineApp } from '@freshpoint-examples/pipeline/pipeline-app';
import { releaseApp } from '@freshpoint-examples/pointer/release-app';
import { registryApp } from '@freshpoint-examples/registry/registry-app';
import { serverlessApp } from '@freshpoint-examples/serverless/serverless-app';
import type { FirstModelProps } from '@freshpoint-examples/shared/example-props';
import { jobsApp } from '@freshpoint-examples/training-jobs/jobs-app';
import type { App } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, test } from 'vitest';
import { NAG_FINDINGS } from './findings.ts';

const EXAMPLES: Readonly<Record<string, (props: FirstModelProps) => App>> = {
  ...{ asyncApp, canaryApp, irisApp, jobsApp, llmApp, pipelineApp, registryApp, releaseApp, serverlessApp },
  adoptApp: (props) => adoptApp({ ...props, owner: 'freshpoint' }),
};

/** cdk-nag's findings on an example, as `<construct> <rule>`. */
function findingsOf(name: string): string[] {
  // Any file stands in for the first model.
  const app = EXAMPLES[name]?.({ outdir: join(ASSEMBLY_FOLDER, name), firstModel: import.meta.filename });
  if (!app) throw new Error(`There is no ${name}.`);
  app.synth();
  const { violations } = new AwsSolutionsChecks().validateScope(app);
  return violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ constructPath }) => `${constructPath} ${ruleName}`),
  );
}

const found: string[] = [];

test.each(Object.keys(EXAMPLES))('cdk-nag finds nothing in %s but what the example itself chose', (name) => {
  const findings = findingsOf(name);
  found.push(...findings);
  expect(findings.filter((each) => !NAG_FINDINGS.some(({ finding }) => finding.test(each)))).toEqual([]);
});

test('everything that the examples chose is still found', () => {
  expect(NAG_FINDINGS.filter(({ finding }) => !found.some((each) => finding.test(each)))).toEqual([]);
});
