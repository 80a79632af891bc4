import { join } from 'node:path';
import { ASSEMBLY_FOLDER } from '@freshpoint/test-support/assembly-folder';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { scikitLearnContainer } from '../scikit-learn.ts';

const stackIn = (region?: string) => {
  const app = new App({ outdir: join(ASSEMBLY_FOLDER, 'scikit-learn') });
  return new Stack(app, 'Test', region === undefined ? {} : { env: { region } });
};
const URL = 's3://my-models/model.tar.gz';

describe("the container with AWS's image for scikit-learn", () => {
  test('has the account of a region that is known', () => {
    const stack = stackIn('eu-west-1');
    const { image } = stack.resolve(scikitLearnContainer(stack, URL));
    expect(JSON.stringify(image)).toContain('141502667606.dkr.ecr.eu-west-1.');
  });

  test('finds the account at deployment otherwise, by one mapping for all containers', () => {
    const stack = stackIn();
    for (const name of ['one', 'two']) scikitLearnContainer(stack, `s3://my-models/${name}.tar.gz`);
    const { Mappings } = Template.fromStack(stack).toJSON();
    const [mapping, ...others] = Object.values<Record<string, { value: string }>>(Mappings);
    expect(others).toEqual([]);
    expect(mapping?.['us-east-1']).toEqual({ value: '683313688378' });
    for (const { value } of Object.values(mapping ?? {})) expect(value).toMatch(/^\d{12}$/);
  });

  test('does not exist in a region without the image, which is an error', () => {
    expect(() => scikitLearnContainer(stackIn('mx-central-1'), URL)).toThrow(
      /^AWS has no image sagemaker-scikit-learn:1\.2-1-cpu-py3 in the region mx-central-1\. Use .* us-west-2\.$/,
    );
  });
});
