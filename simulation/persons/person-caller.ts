/** Caller of a person's calls; like the account's root, it may do everything. */
export const PERSON = { arn: 'arn:aws:iam::000000000000:user/person' } as const;
