/** What a look means for the promise that asked for it. */
export type ReconcileResult =
  | { readonly kind: 'done' }
  /** Back to the queue; without `seconds`, after a pause that grows. */
  | { readonly kind: 'requeue'; readonly seconds?: number }
  | { readonly kind: 'stalled'; readonly message: string };
