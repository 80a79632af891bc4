/** What a look means for the promise that asked for it. */
export type Outcome =
  | { readonly kind: 'kept' }
  /** Back to the queue; without `seconds`, after a pause that grows. */
  | { readonly kind: 'open'; readonly seconds?: number }
  | { readonly kind: 'failed'; readonly reason: string };
