import { Lazy } from 'aws-cdk-lib';
import { CfnManagedPolicy, type IRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { MAX_POLICY_SIZE, type Permit, policyDocument, policySize } from './permissions';

/**
 * As few managed policies on a role as the permits need, each filled up before the next is begun.
 *
 * Not the role's default policy: the function depends on that one, and these name resources that may in turn wait for
 * the function. Not inline policies either: those of a role have 10,240 characters in all, managed ones 6,144 each.
 */
export class PolicyShelf extends Construct {
  private readonly role: IRole;
  private readonly policies: Permit[][] = [];

  constructor(scope: Construct, id: string, role: IRole) {
    super(scope, id);
    this.role = role;
  }

  /** Number of policies so far. */
  get size(): number {
    return this.policies.length;
  }

  add(permits: readonly Permit[]): void {
    for (const permit of permits) this.addOne(permit);
  }

  private addOne(permit: Permit): void {
    const last = this.policies.at(-1);
    if (last && policySize([...last, permit]) <= MAX_POLICY_SIZE) {
      last.push(permit);
      return;
    }
    const permits = [permit];
    this.policies.push(permits);
    new CfnManagedPolicy(this, `Policy${this.policies.length}`, {
      description: 'What the Freshpoint refresher may do for the endpoints of this stack',
      policyDocument: Lazy.any({ produce: () => policyDocument(permits) }),
      roles: [this.role.roleName],
    });
  }
}
