import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startLocalRuntime } from '../../src/runtime.ts';

/**
 * The cloud assembly of the app.py beside it, as aws-cdk-lib 2.275.0 from PyPI wrote it, without the reports on the
 * library and the construct tree. The library takes 200 MB, so it is not installed for this test.
 */
const ASSEMBLY = fileURLToPath(new URL('./python-app', import.meta.url));

it('an app in Python is deployed as one in TypeScript', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'python-app-'));
  const runtime = await startLocalRuntime({ stateDir });
  try {
    const { PythonApp } = await runtime.deploy(ASSEMBLY);
    expect(PythonApp).toMatchObject({
      status: 'CREATE_COMPLETE',
      outputs: {
        BucketName: expect.stringMatching(/^pythonapp-models/),
        Topic: expect.stringMatching(/^arn:aws:sns:us-east-1:000000000000:PythonApp-News/),
      },
    });
    const recorded = PythonApp?.resources.filter(({ isRecordOnly }) => isRecordOnly);
    expect(recorded?.map(({ type }) => type)).toEqual(['AWS::SNS::Topic']);
  } finally {
    await runtime.stop();
    await rm(stateDir, { recursive: true });
  }
});
