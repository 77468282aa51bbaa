/** How a budget is shown beside its figure. */

/** `limit`, and whether this run missed it. */
export function judged(limit: string, isMet: boolean): string {
  return isMet ? limit : `${limit}, **missed**`;
}
