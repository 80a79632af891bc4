import { rmSync } from 'node:fs';
import type { App } from 'aws-cdk-lib';

/** The app's templates by stack name. The cloud assembly itself is removed: nothing here deploys its assets. */
export function synthesizedTemplates(app: App): Readonly<Record<string, object>> {
  const { stacks, directory } = app.synth();
  const templates = stacks.map(({ stackName, template }): [string, object] => [stackName, template]);
  rmSync(directory, { recursive: true, force: true });
  return Object.fromEntries(templates);
}
