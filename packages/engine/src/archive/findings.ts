/** Warnings about an archive: one message of each kind, however often it was found. */
export class Findings {
  readonly #kinds = new Map<string, { readonly first: string; count: number }>();

  /** `message` is of the first of this kind, and what follows `uri` in a sentence. */
  add(kind: string, message: () => string): void {
    const known = this.#kinds.get(kind);
    if (known) known.count += 1;
    else this.#kinds.set(kind, { first: message(), count: 1 });
  }

  messages(uri: string): string[] {
    return [...this.#kinds.values()].map(({ first, count }) => {
      const more = count > 1 ? ` ${count - 1} more ${count === 2 ? 'is' : 'are'} like that.` : '';
      return `${uri} ${first}${more}`;
    });
  }
}
