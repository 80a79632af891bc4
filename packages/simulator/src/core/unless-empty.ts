/** The list or record; undefined if it is empty, because AWS leaves such a member out. */
export const unlessEmpty = <T extends object>(value: T) => (Object.keys(value).length > 0 ? value : undefined);
