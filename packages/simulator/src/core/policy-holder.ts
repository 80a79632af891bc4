/** Enforces the policies of resources at each call: IAM. */
export interface PolicyHolder {
  /** Sets a resource's policy; undefined removes it. Throws AwsError for a malformed document. */
  setResourcePolicy(resourceArn: string, document: string | undefined): void;
}
