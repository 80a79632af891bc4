import { Lazy } from 'aws-cdk-lib';
import { CfnManagedPolicy, type IRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledgeWildcards } from './acknowledge-wildcards';
import type { Permit } from './permits';
import { MAX_POLICY_CHARACTERS, maxPolicyLength, policyDocumentOf } from './policy-document';

/**
 * As few managed policies on a role as the permits need: each is filled before the next is created.
 *
 * Not the role's default policy, because the function depends on that one, and the permits name resources that may
 * depend on the function. Not inline policies, because those of a role share 10,240 characters, and a managed policy
 * has 6,144.
 */
export class PackedPolicies extends Construct {
  private readonly role: IRole;
  private readonly policies: Permit[][] = [];
  private readonly granted = new Set<string>();

  constructor(scope: Construct, id: string, role: IRole) {
    super(scope, id);
    this.role = role;
  }

  get policyCount(): number {
    return this.policies.length;
  }

  add(permits: readonly Permit[]): void {
    for (const permit of permits) this.addPermit(permit);
  }

  private addPermit(permit: Permit): void {
    const { actions, resource, prefix, condition } = permit;
    const id = JSON.stringify([actions, resource.text, prefix?.text, condition]);
    // Endpoints of one stack share some, which an earlier policy may hold.
    if (this.granted.has(id)) return;
    this.granted.add(id);
    const last = this.policies.at(-1);
    if (last && maxPolicyLength([...last, permit]) <= MAX_POLICY_CHARACTERS) last.push(permit);
    else this.createPolicy(permit);
  }

  private createPolicy(permit: Permit): void {
    const permits = [permit];
    this.policies.push(permits);
    const policy = new CfnManagedPolicy(this, `Policy${this.policies.length}`, {
      description: 'Permissions of the Freshpoint refresher for the endpoints of this stack',
      policyDocument: Lazy.any({ produce: () => policyDocumentOf(permits) }),
      roles: [this.role.roleName],
    });
    const resources = () => permits.map(({ resource }) => resource.text);
    acknowledgeWildcards(policy, resources, 'One object per refresh of the endpoint, below a prefix of its own.');
  }
}
