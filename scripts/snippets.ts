/**
 * A document's snippet as a program. One that speaks of `this` or of names that the reader has gets a stack around it
 * with those names; one that makes a stack is synthesized.
 */
export function snippetProgram(snippet: string): string {
  const lines = snippet.split('\n');
  const imports = lines.filter((line) => line.startsWith('import '));
  const rest = lines.filter((line) => !line.startsWith('import '));
  if (!/\bthis\b/.test(snippet)) {
    return /\bnew Stack\(/.test(snippet) ? `${snippet}\n(stack.node.root as App).synth();\n` : `${snippet}\n`;
  }
  return `${[...imports, ...SURROUNDINGS].join('\n')}
class Surroundings extends Stack {
  constructor() {
    super(new App({ analyticsReporting: false }), 'Snippet');
${GIVEN.map((line) => `    ${line}`).join('\n')}
    void [role, caller, image];
${rest.map((line) => `    ${line}`).join('\n')}
  }
}
(new Surroundings().node.root as App).synth();
`;
}

const SURROUNDINGS: readonly string[] = [
  "import { App, Stack } from 'aws-cdk-lib';",
  "import * as iam from 'aws-cdk-lib/aws-iam';",
  "import * as s3 from 'aws-cdk-lib/aws-s3';",
  'void s3;',
];

const GIVEN: readonly string[] = [
  "const role = new iam.Role(this, 'GivenRole', { assumedBy: new iam.ServicePrincipal('sagemaker.amazonaws.com') });",
  "const caller = new iam.Role(this, 'GivenCaller', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });",
  "const image = '123456789012.dkr.ecr.us-east-1.amazonaws.com/model:1';",
];
